import type { Table } from '../types/index.js';

/** {{purpose}} */
export interface {{type}} {
{{properties}}
}

export const {{variable}}Table: Table = {
  name: {{name}},
  primaryKey: {{primaryKey}},
  generatesKeys: {{generatesKeys}},
  fields: {
{{fields}}
  },
  timestamps: { created: {{created}}, updated: {{updated}} },
  unique: {{unique}},
  indexed: {{indexed}},
  pairs: {{pairs}},
  periods: {{periods}},
  references: {{references}},
  dependants: {{dependants}},
  links: {{links}},
  children: {{children}},
  setters: {{setters}},
  secrecy: {{secrecy}},
  caseInsensitive: {{caseInsensitive}},
  policy: {{policy}},
};
