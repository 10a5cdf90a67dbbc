// ADR 0002
/**
 * Runs for `npm start`. JavaScript that any Node can read, for two reasons: another Node than ours gets one line that
 * says what to do, and compiled TypeScript is kept only from the moment the compile cache is on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const oldest = 24;
const prisma = new URL('../prisma/', import.meta.url);

if (Number(process.versions.node.split('.')[0]) < oldest) {
  process.stderr.write(
    `Fissile did not start: this is Node ${process.versions.node}, and it needs ${oldest} or later. Use npm start, which runs the Node that npm install brought along.\n`,
  );
  process.exit(1);
}
// With ignore-scripts=true npm runs nothing of what else generates them, at install and before every start.
if (readdirSync(prisma).some(lacksClient)) {
  const { status } = spawnSync(process.execPath, [fileURLToPath(new URL('generate.ts', prisma))], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

await import('./compile-cache.js');
await import('./main.ts');

/** The digest is what generating writes last. */
function lacksClient(module) {
  const digest = new URL(`../modules/${module}/persistence/generated/.schema-digest`, import.meta.url);
  return existsSync(new URL(`${module}/schema.prisma`, prisma)) && !existsSync(digest);
}
