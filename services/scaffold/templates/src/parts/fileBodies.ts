import Joi, { type ObjectSchema } from 'joi';

import type { BucketSettings } from './buckets.js';

const MAX_NAME = 200;

/** What S3 puts the name of the sent file in the place of: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html */
const PLACE = '${filename}';

/** A name in a folder, and none that leads to another. */
const name = Joi.string()
  .normalize('NFC')
  .max(MAX_NAME)
  .pattern(/^[^/\\\p{Cc}]+$/u)
  .invalid('.', '..')
  .custom((value: string, { error }) => (value.isWellFormed() && !value.includes(PLACE) ? value : error('string.pattern.base')))
  .messages({ 'string.pattern.base': '{#label} must be the name of a file, without a path' });

/** What is said of a file before it is sent. */
export function uploadBody({ maxBytes, types }: BucketSettings): ObjectSchema {
  return Joi.object({
    name: name.required(),
    contentType: Joi.valid(...types).required(),
    bytes: Joi.number().integer().min(1).max(maxBytes).required(),
  });
}
