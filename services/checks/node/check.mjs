// This file is what TypeScript says of a project that is not on the disk: whether its files parse, and what `tsc --noEmit`
// finds in it.
//
//     node check.mjs syntax|types TYPESCRIPT PROJECT [DEPENDENCIES]
//
// TYPESCRIPT is the folder of the package, PROJECT a JSON file of contents by path, DEPENDENCIES a folder with the
// node_modules that the project sees. The output is lines of JSON: one as soon as it looks at the project, one for each error,
// and one with their number.
//
// Nothing of the project is run, and it reaches nothing but itself: to TypeScript it is the folder /project of a file system
// that has nothing else, so a path in a tsconfig.json or an import that leads out of it leads nowhere.

import { readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { posix } from "node:path";

const MOST_ERRORS = 200;
const LONGEST_MESSAGE = 1000;
const ROOT = "/project";
const LIBRARY = "/typescript";
const CODE = /\.(?:[cm]?[jt]s|[jt]sx)$/;

const [what, typescript, project, dependencies] = process.argv.slice(2);
const ts = createRequire(import.meta.url)(`${typescript}/lib/typescript.js`);

const files = new Map();
const folders = new Map();
for (const [path, content] of Object.entries(JSON.parse(readFileSync(project, "utf8")))) {
  if (!path.startsWith("node_modules/")) add(`${ROOT}/${path}`, content);
}

function add(path, content) {
  files.set(path, content);
  for (let child = path; child !== "/"; child = posix.dirname(child)) {
    const parent = posix.dirname(child);
    if (!folders.has(parent)) folders.set(parent, new Set());
    folders.get(parent).add(child);
  }
}

// The place on the disk of what is not in `files`; undefined where there is none.
function onDisk(path) {
  if (path.startsWith(`${LIBRARY}/`)) return `${typescript}/lib${path.slice(LIBRARY.length)}`;
  const installed = path === `${ROOT}/node_modules` || path.startsWith(`${ROOT}/node_modules/`);
  return installed && dependencies ? dependencies + path.slice(ROOT.length) : undefined;
}

function look(path, read) {
  const place = onDisk(path);
  try {
    return place === undefined ? undefined : read(place);
  } catch {
    return undefined;
  }
}

function readFile(name) {
  const path = posix.normalize(name);
  return files.get(path) ?? (fileExists(path) ? look(path, (place) => readFileSync(place, "utf8")) : undefined);
}

function fileExists(name) {
  const path = posix.normalize(name);
  return files.has(path) || look(path, (place) => statSync(place, { throwIfNoEntry: false })?.isFile()) === true;
}

function directoryExists(name) {
  const path = bare(name);
  return folders.has(path) || look(path, (place) => statSync(place, { throwIfNoEntry: false })?.isDirectory()) === true;
}

function entries(name) {
  const path = bare(name);
  const inside = [...(folders.get(path) ?? [])];
  const installed = look(path, (place) => readdirSync(place, { withFileTypes: true })) ?? [];
  return {
    files: [
      ...inside.filter((child) => files.has(child)).map((child) => posix.basename(child)),
      ...installed.filter((entry) => entry.isFile()).map((entry) => entry.name),
    ],
    directories: [
      ...inside.filter((child) => folders.has(child)).map((child) => posix.basename(child)),
      ...installed.filter((entry) => entry.isDirectory()).map((entry) => entry.name),
    ],
  };
}

function bare(name) {
  const path = posix.normalize(name);
  return path === "/" ? path : path.replace(/\/$/, "");
}

const host = {
  readFile,
  fileExists,
  directoryExists,
  getDirectories: (name) => entries(name).directories,
  readDirectory: (name, extensions, excludes, includes, depth) =>
    ts.matchFiles(name, extensions, excludes, includes, true, ROOT, depth, entries, (path) => path),
  realpath: (path) => path,
  getSourceFile: (name, options) => {
    const text = readFile(name);
    return text === undefined ? undefined : ts.createSourceFile(name, text, options);
  },
  getDefaultLibLocation: () => LIBRARY,
  getDefaultLibFileName: (options) => `${LIBRARY}/${ts.getDefaultLibFileName(options)}`,
  getCurrentDirectory: () => ROOT,
  getCanonicalFileName: (name) => name,
  useCaseSensitiveFileNames: () => true,
  getNewLine: () => "\n",
  jsDocParsingMode: ts.JSDocParsingMode.ParseForTypeErrors,
  writeFile: () => {},
};

function syntax() {
  const rootNames = [...files.keys()].filter((path) => CODE.test(path));
  const options = { allowJs: true, jsx: ts.JsxEmit.Preserve, noLib: true, noResolve: true, types: [] };
  const program = ts.createProgram({ rootNames, options, host });
  return rootNames.flatMap((name) => program.getSyntacticDiagnostics(program.getSourceFile(name)));
}

function types() {
  const fatal = [];
  const configHost = { ...host, useCaseSensitiveFileNames: true, onUnRecoverableConfigFileDiagnostic: (error) => fatal.push(error) };
  const config = ts.getParsedCommandLineOfConfigFile(`${ROOT}/tsconfig.json`, { noEmit: true }, configHost);
  if (config === undefined) return fatal;
  const { fileNames: rootNames, options, projectReferences, errors } = config;
  const program = ts.createProgram({ rootNames, options, projectReferences, host, configFileParsingDiagnostics: errors });
  return ts.getPreEmitDiagnostics(program);
}

function fault({ file, start, code, messageText }) {
  const place = file === undefined ? { line: 0, character: 0 } : ts.getLineAndCharacterOfPosition(file, start ?? 0);
  const text = `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  return {
    path: relative(file?.fileName ?? `${ROOT}/tsconfig.json`),
    line: place.line + 1,
    column: place.character + 1,
    message: relative(text).slice(0, LONGEST_MESSAGE),
  };
}

function relative(text) {
  return text.replaceAll(`${ROOT}/`, "");
}

process.stdout.write("{}\n");
const errors = (what === "syntax" ? syntax() : types()).filter((found) => found.category === ts.DiagnosticCategory.Error);
const lines = errors.slice(0, MOST_ERRORS).map((error) => JSON.stringify(fault(error)));
process.stdout.write([...lines, JSON.stringify({ errors: errors.length, version: ts.version })].join("\n") + "\n");
