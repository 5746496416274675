// Writes the JavaScript of those sources of a backend that are in other folders, as its build would, without a look at
// their types: `node transpile.mjs copy ...` in its folder.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const typescript = createRequire(join(process.cwd(), 'package.json'))('typescript');
const { config } = typescript.readConfigFile('tsconfig.json', typescript.sys.readFile);
const { options } = typescript.parseJsonConfigFileContent(config, typescript.sys, '.');
// One file alone does not say that its package has modules.
const compilerOptions = { ...options, module: typescript.ModuleKind.ESNext, sourceMap: false };

for (const copy of process.argv.slice(2)) {
  const sources = readdirSync(join(copy, 'src'), { recursive: true }).filter((path) => path.endsWith('.ts'));
  for (const path of sources) {
    const source = readFileSync(join(copy, 'src', path), 'utf8');
    const { outputText } = typescript.transpileModule(source, { compilerOptions, fileName: path });
    const target = join(copy, 'dist', path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
}
