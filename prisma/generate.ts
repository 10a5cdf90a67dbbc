/**
 * Generates the Prisma client of every prisma/<module>, and that of the platform's own tests, as far as its schema changed
 * since the last time: it runs before every start and every test, and one start of Prisma's command line takes over a
 * second.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  process.stdout.write(`Generates the Prisma client of each module whose schema changed since the last time.

Usage: npm run generate

Exit codes: 0 generated or current, 1 failed.
`);
  process.exit();
}

const root = dirname(import.meta.dirname);
const prismaPackage = createRequire(import.meta.url).resolve('prisma/package.json');
const { version, bin } = JSON.parse(readFileSync(prismaPackage, 'utf8')) as {
  version: string;
  bin: { prisma: string };
};

interface Client {
  readonly name: string;
  /** The folder of its schema. */
  readonly schema: string;
  readonly output: string;
}

const clients: readonly Client[] = [
  ...readdirSync(import.meta.dirname).map((name) => ({
    name,
    schema: join(root, 'prisma', name),
    output: join(root, 'modules', name, 'persistence/generated'),
  })),
  {
    name: 'the tests',
    schema: join(root, 'tests/support/library'),
    output: join(root, 'tests/support/library/generated'),
  },
].filter(({ schema }) => existsSync(join(schema, 'schema.prisma')));

function digestOf({ schema }: Client): string {
  const digest = createHash('sha256').update(version);
  for (const file of readdirSync(schema)
    .filter((name) => name.endsWith('.prisma'))
    .sort()) {
    digest.update(`\0${file}\0`).update(readFileSync(join(schema, file)));
  }
  return digest.digest('hex');
}

/** Lies in the generated folder, so that deleting the folder generates it again. */
const stampOf = ({ output }: Client) => join(output, '.schema-digest');

async function generate(client: Client): Promise<void> {
  const digest = digestOf(client);
  const stamp = stampOf(client);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  await promisify(execFile)(
    process.execPath,
    [join(dirname(prismaPackage), bin.prisma), 'generate', '--no-hints', '--schema', client.schema],
    {
      cwd: root,
      timeout: 120_000,
      // Generating runs no engine. Naming any program as the engine keeps Prisma from downloading one.
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
      },
    },
  );
  writeFileSync(stamp, digest);
}

const results = await Promise.allSettled(clients.map(generate));
for (const [index, result] of results.entries()) {
  if (result.status === 'fulfilled') continue;
  const { stderr, message } = result.reason as { stderr?: string; message: string };
  process.stderr.write(`The Prisma client of ${clients[index]!.name} could not be generated:\n${stderr || message}\n`);
  process.exitCode = 1;
}
