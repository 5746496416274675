import type { Database } from '../services/database.js';
{{imports}}

{{lists}}

/** Create what is beside the tables, where it is not there yet: for a developer's machine and tests. */
export async function createParts(database: Database): Promise<void> {
{{creations}}
}

export async function deleteParts(database: Database): Promise<void> {
{{deletions}}
}
