/** The commands of README.md, CONTRIBUTING.md and of the pages in docs/, run in their order, as a reader would type them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkoutCopy } from '../support/checkout-copy.ts';
import { freshDatabaseUrl } from '../support/postgres.ts';
import { blocksOf, Reader } from '../support/reader.ts';
import { administrator, freePort } from '../support/running-program.ts';

/** Pages that need more than a checkout, each run by a test of its own. */
const elsewhere = ['split.md', 'one-file.md', 'events.md'];
const pages = readdirSync(join(import.meta.dirname, '../../docs')).filter(
  (name) => name.endsWith('.md') && !elsewhere.includes(name),
);
const withCommands = ['README.md', 'CONTRIBUTING.md', ...pages.map((name) => `docs/${name}`)].filter(
  (page) => blocksOf(page).length > 0,
);

it('finds the pages with commands', () => {
  expect(withCommands).toEqual(
    expect.arrayContaining(['README.md', 'docs/run.md', 'docs/operate.md', 'docs/api.md', 'docs/boundaries.md']),
  );
});

describe.each(withCommands)('the commands of %s', (page) => {
  let reader: Reader;
  const closers: (() => unknown)[] = [];
  const printed: string[] = [];

  beforeAll(async () => {
    const checkout = checkoutCopy();
    closers.push(() => checkout.remove());
    const database = await freshDatabaseUrl();
    closers.push(() => database.drop());
    const port = String(await freePort());
    const environment = { PORT: port, ADMIN_PASSWORD: administrator.password, SHUTDOWN_DELAY: '0' };
    reader = new Reader(checkout.path, environment, [
      ['127.0.0.1:3000', `127.0.0.1:${port}`],
      ['postgresql://admin:secret@db.example.com/fissile', database.url],
    ]);
    closers.push(() => reader.leave());
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  for (const { title, commands, missing } of blocksOf(page)) {
    it.skipIf(missing)(`${title}${missing === undefined ? '' : ` (${missing})`}`, async () => {
      const { failed, output } = await reader.type(commands);
      expect(failed, output).toBe(0);
      printed.push(output);
    });
  }

  it.runIf(page === 'README.md')('lead to a paid order, to the same answer again, and to one that is cancelled', () => {
    const [paid, again, cancelled] = printed
      .join('\n')
      .split('\n')
      .filter((line) => line.startsWith('{"id":'));
    expect(paid).toContain('"status":"paid"');
    expect(again).toBe(paid);
    expect(cancelled).toContain('"status":"cancelled"');
  });
});
