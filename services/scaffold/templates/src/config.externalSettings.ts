  {{variable}}BaseUrl: ['{{setting}}_BASE_URL', url()],
  {{variable}}ApiToken: ['{{setting}}_API_TOKEN', text],
  {{variable}}ApiTimeout: ['{{setting}}_API_TIMEOUT_MS', number(100, 60_000).default(5_000)],
