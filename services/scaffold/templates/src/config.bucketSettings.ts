  {{variable}}Bucket: [
    '{{setting}}_BUCKET',
    text
      .pattern(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .messages({ '*': '{#label} must be the name of a bucket.' }),
  ],
  {{variable}}MaxBytes: ['{{setting}}_MAX_BYTES', number(1, 5_000_000_000).default(10_000_000)],
  {{variable}}Types: [
    '{{setting}}_TYPES',
    list((item) => /^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(item))
      .default(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'application/pdf', 'text/plain', 'text/csv'])
      .messages({ '*': '{#label} must be content types such as image/png, with commas between.' }),
  ],
