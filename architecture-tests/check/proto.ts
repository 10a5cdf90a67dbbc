/** `npm run proto`: writes modules/<module>/<module>.proto from the contracts. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Inexpressible } from '../../src/runtime/grpc/message-fields.ts';
import { CannotCheck } from './cannot-check.ts';
import { read } from './check.ts';
import { protoPath } from './lock/protos.ts';
import { protoFiles } from './proto-files.ts';

const help = `Writes modules/<module>/<module>.proto from the contracts.

Usage: npm run proto [-- options]

  --root DIR  of another checkout with the same layout (default: this one)
  --help, -h  show this

Exit codes: 0 written or current, 2 could not write.
`;

try {
  const { values } = parseArgs({
    options: { root: { type: 'string', default: '.' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(help);
    process.exit();
  }
  const system = read(resolve(values.root));
  for (const [module, text] of protoFiles(system)) {
    const path = protoPath(module);
    const isCurrent = system.tree.paths.has(path) && system.tree.read(path) === text;
    if (!isCurrent) writeFileSync(join(system.root, path), text);
    console.log(`${path} ${isCurrent ? 'is current' : 'is written'}.`);
  }
} catch (error) {
  if (
    !(error instanceof CannotCheck || error instanceof Inexpressible) &&
    (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') !== true
  )
    throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
