import type { BucketPart } from '../buckets.js';

/** {{purpose}} */
export const {{variable}}Bucket: BucketPart = {
  name: {{name}},
  settings: ({ {{variable}}Bucket: bucket, {{variable}}MaxBytes: maxBytes, {{variable}}Types: types }) => ({ bucket, maxBytes, types }),
};
