/**
 * Generates the Prisma client of every prisma/<module>, as far as its schema changed since the last time: it runs
 * before every start and every test, and one start of Prisma's command line takes over a second.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  process.stdout.write(`Generates the Prisma client of each module whose schema changed since the last time.

Usage: npm run generate

Exit codes: 0 generated or current, 1 failed.
`);
  process.exit();
}

const root = import.meta.dirname;
const prismaPackage = createRequire(import.meta.url).resolve('prisma/package.json');
const { version, bin } = JSON.parse(readFileSync(prismaPackage, 'utf8')) as { version: string; bin: { prisma: string } };

const modules = readdirSync(root).filter((name) => existsSync(join(root, name, 'schema.prisma')));

function digestOf(module: string): string {
  const digest = createHash('sha256').update(version);
  for (const file of readdirSync(join(root, module)).filter((name) => name.endsWith('.prisma')).sort()) {
    digest.update(`\0${file}\0`).update(readFileSync(join(root, module, file)));
  }
  return digest.digest('hex');
}

/** Lies in the generated folder, so that deleting the folder generates it again. */
const stampOf = (module: string) => join(root, '..', 'modules', module, 'persistence', 'generated', '.schema-digest');

async function generate(module: string): Promise<void> {
  const digest = digestOf(module);
  const stamp = stampOf(module);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  await promisify(execFile)(
    process.execPath,
    [join(dirname(prismaPackage), bin.prisma), 'generate', '--no-hints', '--schema', join(root, module)],
    {
      cwd: dirname(root),
      timeout: 120_000,
      // Generating runs no engine. Naming any program as the engine keeps Prisma from downloading one.
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
    },
  );
  writeFileSync(stamp, digest);
}

const results = await Promise.allSettled(modules.map(generate));
for (const [index, result] of results.entries()) {
  if (result.status === 'fulfilled') continue;
  const { stderr, message } = result.reason as { stderr?: string; message: string };
  process.stderr.write(`The Prisma client of ${basename(modules[index] ?? '')} could not be generated:\n${stderr || message}\n`);
  process.exitCode = 1;
}
