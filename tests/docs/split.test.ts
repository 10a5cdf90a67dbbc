/** The commands of docs/split.md, run in their order, as a reader would type them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { virtualHost, withoutBroker } from '../support/broker.ts';
import { checkoutCopy } from '../support/checkout-copy.ts';
import { blocksOf, Reader } from '../support/reader.ts';
import { administrator, freePorts } from '../support/running-program.ts';

const missing = await withoutBroker();
const blocks = blocksOf('docs/split.md');

describe.skipIf(missing)(`from one process to many, and back${missing === undefined ? '' : ` (${missing})`}`, () => {
  const closers: (() => unknown)[] = [];
  let reader: Reader;

  beforeAll(async () => {
    const checkout = checkoutCopy();
    closers.push(() => checkout.remove());
    const broker = await virtualHost();
    closers.push(broker.remove);
    // The reader's ports may be taken here.
    const port = await freePorts(100);
    const folder = join(checkout.path, 'topologies');
    for (const name of readdirSync(folder))
      writeFileSync(join(folder, name), withPortsFrom(port, readFileSync(join(folder, name), 'utf8')));
    const environment = {
      EVENTS_URL: broker.url,
      ADMIN_PASSWORD: administrator.password,
      PORT: String(port),
      SHUTDOWN_DELAY: '0',
    };
    reader = new Reader(checkout.path, environment, [
      ['127.0.0.1:3000', `127.0.0.1:${port}`],
      ['sport = :3030', `sport = :${port + 30}`],
    ]);
    closers.push(() => reader.leave());
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  it.each(blocks)('step $title', async ({ commands }) => {
    const { failed, output } = await reader.type(commands);
    expect(failed, output).toBe(0);
  });

  it('is a story with a start, two splits and a way back', () => {
    expect(
      blocks.map(({ commands }) => commands.trim()).filter((commands) => /^npm start(?! .*\|)/.test(commands)),
    ).toEqual([
      'npm start',
      ...['checkout-apart', 'split', 'monolith'].map((name) => `npm start -- --topology topologies/${name}.yaml`),
    ]);
  });
});

/** Moves the ports of the shipped files, which are 3000 to 3049 and 5000 to 5049. */
const withPortsFrom = (first: number, text: string) =>
  text
    .replace(/\bport: 30(\d\d)/g, (_, rest) => `port: ${first + Number(rest)}`)
    .replace(/\bgrpcPort: 50(\d\d)/g, (_, rest) => `grpcPort: ${first + 50 + Number(rest)}`);
