  /** {{purpose}}: what the bucket is called; undefined means that it follows from TABLE_PREFIX and the account. */
  readonly {{variable}}Bucket: string | undefined;
  /** The most bytes of a file there. */
  readonly {{variable}}MaxBytes: number;
  /** The content types that files may have there. */
  readonly {{variable}}Types: readonly string[];
