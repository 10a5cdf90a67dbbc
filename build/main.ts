// ADR 0050
/** `npm run build`: makes the program as one file, `dist/fissile`. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.ts';
import { carriedFiles } from './carried-files.ts';
import { writeExecutable } from './executable.ts';
import { commitOf } from './commit.ts';
import { nodeProgram } from './node-program.ts';
import { postgresPart } from './postgresql.ts';
import { describeFile } from './sbom.ts';
import { StopBuild } from './stop-build.ts';
import { here, targetNamed, targets } from './targets.ts';

const root = join(import.meta.dirname, '..');
const help = `Makes the program as one file, with its Node and its PostgreSQL in it: dist/fissile.

Usage: npm run build [-- options]

  --target PLATFORM  for another platform than this one, into dist/PLATFORM: one of
                     ${targets.map(({ name }) => name).join(', ')}
  --node FILE        its Node, instead of the one from npm
  --help, -h         show this

Exit codes: 0 made, 1 failed, 2 wrong arguments.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: here },
      node: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const target = targetNamed(values.target);
  const folder = join(root, 'dist', ...(target.name === here ? [] : [target.name]));
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'fissile-build-'));
  try {
    const node = nodeProgram(root, target, values.node);
    const { file: archive, ...facts } = postgresPart(root, target.postgresql);
    writeFileSync(join(work, 'postgresql.json'), JSON.stringify(facts));
    writeFileSync(join(work, 'build.json'), JSON.stringify({ commit: commitOf(root) }));
    const { script, assets: partsOfPackages } = await bundle(root);
    for (const [name, bytes] of partsOfPackages) writeFileSync(join(work, name), bytes);
    const assets = {
      ...Object.fromEntries([...partsOfPackages.keys()].map((name) => [name, name])),
      ...Object.fromEntries(carriedFiles(root).map((name) => [name, join(root, name)])),
      'postgresql.zst': archive,
      'postgresql.json': 'postgresql.json',
      'build.json': 'build.json',
    };
    const unfinished = join(work, target.file);
    writeExecutable(unfinished, node, { script, assets }, target, work);
    const file = join(folder, target.file);
    renameSync(unfinished, file);
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    describeFile(root, file, sha256);
    console.log(`${file}  ${(statSync(file).size / 1e6).toFixed(1)} MB  sha256 ${sha256}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  const misspelt = (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true;
  if (!misspelt && !(error instanceof StopBuild)) throw error;
  console.error(`${(error as Error).message}${misspelt ? ' Try --help.' : ''}`);
  process.exitCode = misspelt ? 2 : 1;
}
