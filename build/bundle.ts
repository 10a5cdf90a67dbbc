/** All of the program's code in one script. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { compressed } from './compressed.ts';

/** A single executable runs a CommonJS script, which has no address of its own: the file stands for it. */
const banner = "const importMetaUrl = require('node:url').pathToFileURL(process.execPath).href;";

const entry = `
import { main } from './src/host/command-line.ts';
void main(process.argv.slice(2)).then((code) => process.exit(code));
`;

export interface Bundle {
  readonly script: string;
  /** Files of packages that the script reads, by the names it asks for. */
  readonly assets: ReadonlyMap<string, Uint8Array>;
}

export async function bundle(root: string): Promise<Bundle> {
  const assets = new Map<string, Uint8Array>();
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents: entry, resolveDir: root, sourcefile: 'main.ts', loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // Such a script can import nothing but what is in it.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'importMetaUrl' },
    // Kafka's client reads WebAssembly from a file beside its own; the package has it as text too.
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    banner: { js: banner },
    // Names stay, for stacks in the operator's log.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    plugins: [listOfModules(root), wasmOutsideOfText(assets)],
    logLevel: 'warning',
  });
  return { script: outputFiles[0]!.text, assets };
}

/** In the place of the one file that looks for modules in their folders: what it would find. */
const listOfModules = (root: string): Plugin => ({
  name: 'list-of-modules',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/]host[\\/]module-folders\.ts$/ }, () => {
      const names = readdirSync(join(root, 'modules')).sort();
      const imports = names.map((name) => `${JSON.stringify(name)}: () => import('../../modules/${name}/module.ts')`);
      return {
        contents: `const modules = { ${imports.join(', ')} };
          export const moduleNames = async () => Object.keys(modules);
          export const importModule = (name) => modules[name]();`,
        resolveDir: join(root, 'src', 'host'),
        loader: 'js',
      };
    });
  },
});

/**
 * Prisma's query compiler is a text of base64 in a script, four megabytes that would stay in memory as long as the
 * script does. Its users make a buffer of whatever they get, so that they may as well get the bytes.
 */
const wasmOutsideOfText = (assets: Map<string, Uint8Array>): Plugin => ({
  name: 'wasm-outside-of-text',
  setup({ onLoad }) {
    onLoad({ filter: /\.wasm-base64\.mjs$/ }, ({ path }) => {
      const [, base64] = /^const wasm = "([A-Za-z0-9+/=]+)"/m.exec(readFileSync(path, 'utf8')) ?? [];
      if (base64 === undefined)
        return { errors: [{ text: 'This is another form of WebAssembly in base64 than the build knows.' }] };
      const name = `${basename(path)}.br`;
      assets.set(name, compressed(Buffer.from(base64, 'base64')));
      const read = `require('node:zlib').brotliDecompressSync(require('node:sea').getRawAsset(${JSON.stringify(name)}))`;
      return { contents: `export const wasm = ${read};`, loader: 'js' };
    });
  },
});
