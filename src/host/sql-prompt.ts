/** A prompt for SQL, for machines without psql: a statement ends with a semicolon at the end of a line. */
import { createInterface } from 'node:readline';
import type pg from 'pg';

interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Resolves at the end of the input, or at `\q`, with the exit code: 1 when a statement failed and nobody looks on. */
export async function sqlPrompt(client: pg.Client, { input, output }: Terminal): Promise<number> {
  const interactive = output.isTTY === true;
  const lines = createInterface({
    input,
    output,
    terminal: interactive,
    prompt: interactive ? `${client.database}=> ` : '',
  });
  const say = (text: string) => void output.write(`${text}\n`);
  let failed = false;
  let statement = '';
  if (interactive) say('End a statement with ";", and the session with \\q.');
  let isOpen = true;
  lines.once('close', () => (isOpen = false));
  const ask = () => void (interactive && isOpen && lines.prompt());
  ask();
  for await (const line of lines) {
    if (line.trim() === '\\q') break;
    statement += `${line}\n`;
    if (line.trimEnd().endsWith(';')) {
      failed = !(await answered(client, statement, say)) || failed;
      statement = '';
    }
    ask();
  }
  lines.close();
  if (statement.trim() !== '') failed = !(await answered(client, statement, say)) || failed;
  return failed && !interactive ? 1 : 0;
}

async function answered(client: pg.Client, statement: string, say: (text: string) => void): Promise<boolean> {
  try {
    const results = await client.query<unknown[]>({ text: statement, rowMode: 'array' });
    // Several statements in one line have several results.
    for (const result of [results].flat() as pg.QueryArrayResult[]) say(tableOf(result));
    return true;
  } catch (error) {
    say(`ERROR: ${(error as Error).message}`);
    return false;
  }
}

function tableOf({ fields, rows, command, rowCount }: pg.QueryArrayResult): string {
  if (fields.length === 0) return [command, rowCount].filter((part) => part !== null).join(' ');
  const table = [fields.map(({ name }) => name), ...rows.map((row) => row.map(textOf))];
  const widths = fields.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]!))
      .join(' | ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('-+-'));
  return [...lines, `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`, ''].join('\n');
}

function textOf(value: unknown): string {
  if (value === null) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
