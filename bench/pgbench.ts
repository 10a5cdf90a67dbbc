/** PostgreSQL's own load generator, sending what the program sends. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Side } from './compare.ts';
import { cpuTimeOfPostgres } from './cpu-time.ts';
import { atExit, type BenchDatabase } from './server.ts';
import { type TracedTransaction, uuidPattern } from './traced-orders.ts';

/** Debian keeps it beside the server's programs, off the PATH. */
export const findPgbench = (): string | undefined =>
  ['pgbench', ...globSync('/usr/lib/postgresql/*/bin/pgbench').sort().toReversed()].find(
    (file) => (file === 'pgbench' || existsSync(file)) && spawnSync(file, ['--version']).status === 0,
  );

export interface PgbenchScript {
  readonly text: string;
  /** Values that are the same every time. */
  readonly constants: Readonly<Record<string, string>>;
}

/** A replacement for part of the traced values: an SQL expression, anew for every run. */
export interface Varying {
  readonly pattern: RegExp;
  readonly expression: (found: string) => string;
}

/**
 * The same transactions with the same statements, and before them one statement more that makes up the values that
 * must differ from run to run. `varying` comes before the ids: each traced id is replaced by a new one in every place.
 */
export function scriptOf(
  transactions: readonly TracedTransaction[],
  constantIds: readonly string[],
  varying: readonly Varying[],
): PgbenchScript {
  const ids = new Map<string, string>();
  const idExpression = (id: string) => {
    if (constantIds.includes(id)) return literal(id);
    if (!ids.has(id)) ids.set(id, `id${ids.size}`);
    return ids.get(id)!;
  };
  const parts: readonly Varying[] = [...varying, { pattern: uuidPattern, expression: idExpression }];
  const constants: Record<string, string> = {};
  const computed = new Map<string, string>();
  const nameOf = (value: string): string => {
    const expression = expressionOf(value, parts);
    if (expression === literal(value)) {
      const known = Object.entries(constants).find(([, text]) => text === value);
      const name = known?.[0] ?? `constant${Object.keys(constants).length}`;
      constants[name] = value;
      return name;
    }
    if (!computed.has(expression)) computed.set(expression, `computed${computed.size}`);
    return computed.get(expression)!;
  };
  const body = transactions.map((transaction) => {
    const statements = transaction.map(
      ({ text, values }) =>
        `${text.replaceAll(/\$(\d+)/g, (_, number: string) => {
          const value = values[Number(number) - 1];
          return value == null ? 'null' : `:${nameOf(value)}`;
        })};`,
    );
    return statements.length === 1 ? statements : ['BEGIN;', ...statements, 'COMMIT;'];
  });
  const newIds = [...ids.values()].map((name) => `uuidv7() as ${name}`);
  const values = [...computed].map(([expression, name]) => `${expression} as ${name}`);
  const first = `select ${values.join(',\n')}\nfrom (select ${newIds.join(', ')}) ids \\gset`;
  return { text: [first, ...body.flat()].join('\n'), constants };
}

/** A colon would begin the name of one of pgbench's variables, even here. */
const literal = (text: string) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll(':', '\\x3a')}'`;

/** `abc-<id>-def` becomes `'abc-' || id0 || '-def'`. */
function expressionOf(value: string, [part, ...others]: readonly Varying[]): string {
  if (part === undefined) return literal(value);
  const found = value.match(part.pattern) ?? [];
  const between = value.split(part.pattern).map((text) => expressionOf(text, others));
  const pieces = between.flatMap((text, index) => [
    text,
    ...(index < found.length ? [part.expression(found[index]!)] : []),
  ]);
  const kept = pieces.filter((piece) => piece !== literal(''));
  return kept.length === 0
    ? literal('')
    : kept.length === 1 && found.length === 0
      ? kept[0]!
      : kept.map((piece) => `${piece}::text`).join(' || ');
}

/**
 * Runs all the time and is halted between the slices, so that its sessions keep their connections and plans, as the
 * program's do. `count` says how many runs were completed so far.
 */
export async function pgbenchSide(
  program: string,
  server: BenchDatabase,
  {
    database,
    searchPath,
    clients,
    script,
    count,
  }: { database: string; searchPath: string; clients: number; script: PgbenchScript; count: () => Promise<number> },
): Promise<Side & AsyncDisposable> {
  const file = join(server.folder, 'pgbench.sql');
  writeFileSync(file, script.text);
  const url = new URL(server.url);
  const child = spawn(
    program,
    [
      '--no-vacuum',
      '--protocol=prepared',
      `--client=${clients}`,
      '--jobs=2',
      '--time=3600',
      `--file=${file}`,
      ...Object.entries(script.constants).map(([name, value]) => `--define=${name}=${value}`),
      database,
    ],
    {
      env: {
        PGHOST: url.searchParams.get('host')!,
        PGUSER: url.username,
        PGPASSWORD: decodeURIComponent(url.password),
        PGOPTIONS: `-c search_path=${searchPath}`,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const forget = atExit(() => child.kill('SIGKILL'));
  let complaints = '';
  child.stderr.on('data', (data: Buffer) => (complaints += data.toString()));
  // It connects and makes its plans.
  await sleep(1_000);
  child.kill('SIGSTOP');
  return {
    name: 'pgbench',
    async run(milliseconds) {
      const runs = await count();
      const cpu = cpuTimeOfPostgres(server.pid);
      child.kill('SIGCONT');
      await sleep(milliseconds);
      child.kill('SIGSTOP');
      if (child.exitCode !== null) throw new Error(`pgbench ended: ${complaints.slice(0, 500)}`);
      // Statements that were already sent still finish, although it never hears of them.
      await sleep(20);
      return { operations: (await count()) - runs, cpu: cpuTimeOfPostgres(server.pid) - cpu, milliseconds };
    },
    async [Symbol.asyncDispose]() {
      const exit = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill('SIGKILL')) await exit;
      forget();
    },
  };
}
