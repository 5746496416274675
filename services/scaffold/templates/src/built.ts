/** Whether what runs was compiled from the sources as they are. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';

const SOURCES = new URL('../src/', import.meta.url);

/** Throws where the sources were changed since they were compiled. Where there are none, as in an image, nobody changes them. */
export async function requireBuilt(): Promise<void> {
  if (!existsSync(SOURCES)) return;
  const { mtimeMs: built } = await stat(new URL(import.meta.url));
  for (const name of await readdir(SOURCES, { recursive: true })) {
    if (!name.endsWith('.ts')) continue;
    const { mtimeMs } = await stat(new URL(name, SOURCES));
    if (mtimeMs > built) throw new Error(`src/${name} was changed since the backend was built: npm run build`);
  }
}
