// Writes the JavaScript of changed files of a backend, as its build would, without a look at their types:
// `node transpile.mjs src/app.ts ...` in its folder.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const typescript = createRequire(join(process.cwd(), 'package.json'))('typescript');
const { config } = typescript.readConfigFile('tsconfig.json', typescript.sys.readFile);
const { options } = typescript.parseJsonConfigFileContent(config, typescript.sys, '.');
// One file alone does not say that its package has modules.
const compilerOptions = { ...options, module: typescript.ModuleKind.ESNext, sourceMap: false };

for (const path of process.argv.slice(2)) {
  const { outputText } = typescript.transpileModule(readFileSync(path, 'utf8'), { compilerOptions, fileName: path });
  writeFileSync(path.replace(/^src/, 'dist').replace(/\.ts$/, '.js'), outputText);
}
