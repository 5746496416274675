import type { Config } from '../../config.js';
import { External, type ExternalPart } from '../externals.js';

/** {{purpose}} */
export const {{variable}}External: ExternalPart = {
  name: {{name}},
  settings: ({ {{variable}}BaseUrl: baseUrl, {{variable}}ApiToken: token, {{variable}}ApiTimeout: timeout }) => ({ baseUrl, token, timeout }),
};

/** What calls it, with the settings of the server: `await {{variable}}Client(config).getJson('things/1')`. */
export function {{variable}}Client(config: Config): External {
  return new External({{variable}}External, {{variable}}External.settings(config));
}
