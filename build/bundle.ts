/** All of the program's code in one script. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** A single executable runs a CommonJS script, which has no address of its own: the file stands for it. */
const banner = "const importMetaUrl = require('node:url').pathToFileURL(process.execPath).href;";

const entry = `
import { main } from './src/host/command-line.ts';
void main(process.argv.slice(2)).then((code) => process.exit(code));
`;

export async function bundle(root: string): Promise<string> {
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
    banner: { js: banner },
    // Names stay, for the stack in the log of whoever runs it.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    plugins: [listOfModules(root)],
    logLevel: 'warning',
  });
  return outputFiles[0]!.text;
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
