/** Puts a script and files into a copy of Node. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compressed } from './compressed.ts';
import type { Target } from './targets.ts';

const injector = join(dirname(createRequire(import.meta.url).resolve('postject')), 'cli.js');

/** Node looks for this mark in itself. */
const sentinelFuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

export interface Contents {
  readonly script: string;
  /** Paths of the files to carry, by the names they are asked for. */
  readonly assets: Readonly<Record<string, string>>;
}

/** The script that Node starts. The program itself lies compressed beside it. */
const loader = `
const source = require('node:zlib').brotliDecompressSync(require('node:sea').getRawAsset('fissile.js.br')).latin1Slice();
require('node:vm').compileFunction(source, ['require', 'module', 'exports'], { filename: 'fissile.js' })(require, module, exports);
`;

/** `node` is the target's; the blob is the same on every platform, so that Node here can prepare it. */
export function writeExecutable(
  file: string,
  node: string,
  contents: Contents,
  target: Target,
  workFolder: string,
): void {
  const blob = join(workFolder, 'sea.blob');
  writeFileSync(join(workFolder, 'main.js'), loader);
  writeFileSync(join(workFolder, 'fissile.js.br'), compressed(contents.script));
  const configuration = {
    // Names without a folder: they end up in the file, and the folder is another one each time.
    main: 'main.js',
    output: 'sea.blob',
    assets: { ...contents.assets, 'fissile.js.br': 'fissile.js.br' },
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    // V8's code cache of a script differs from run to run.
    useCodeCache: false,
  };
  writeFileSync(join(workFolder, 'sea.json'), JSON.stringify(configuration));
  execFileSync(process.execPath, ['--experimental-sea-config', 'sea.json'], {
    cwd: workFolder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  copyFileSync(node, file);
  chmodSync(file, 0o755);
  // Its own process, as it writes warnings about sections that are none of ours.
  const given = [injector, file, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', sentinelFuse, ...target.segment];
  execFileSync(process.execPath, given, { stdio: ['ignore', 'ignore', 'pipe'] });
}
