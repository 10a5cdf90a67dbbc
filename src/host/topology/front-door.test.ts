import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../tests/support/running-program.ts';
import { waitUntilReady } from './front-door.ts';

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

/** Gives these answers to /readyz, the last one again and again. */
async function gatewayThatSays(...answers: [status: number, body: unknown][]): Promise<string> {
  const server = createServer((request, response) => {
    const [status, body] = (answers.length > 1 ? answers.shift() : answers[0])!;
    response.writeHead(request.url === '/readyz' ? status : 404).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const withShop = (ready: number) => ({
  status: 'ok',
  checks: [],
  details: { 'calls to shop': 'closed', 'module shop': { ready, processes: 2 } },
});

describe('a topology is ready', () => {
  it('once its gateway is, and has reached all behind it', async () => {
    const failing = { status: 'failed', checks: [{ name: 'database shop', status: 'failed', reason: 'ECONNREFUSED' }] };
    const url = await gatewayThatSays(
      [503, { status: 'starting' }],
      [503, failing],
      [200, withShop(1)],
      [200, withShop(2)],
    );
    await expect(waitUntilReady(url, 5_000)).resolves.toBeUndefined();
  });

  it.each([
    [
      'a check that fails',
      [503, { checks: [{ name: 'database shop', status: 'failed', reason: 'ECONNREFUSED' }] }],
      'database shop fails (ECONNREFUSED)',
    ],
    ['a process it does not reach', [200, withShop(1)], 'module shop is reached at 1 of 2 addresses'],
    ['an answer that says nothing', [503, 'no'], 'it answers 503'],
  ] as const)('or says in one line what is missing: %s', async (_, [status, body], said) => {
    const url = await gatewayThatSays([status, body]);
    await expect(waitUntilReady(url, 200)).rejects.toThrow(`The gateway at ${url} is not ready after 0.2 s: ${said}.`);
  });

  it('or that nobody answers', async () => {
    await expect(waitUntilReady(`http://127.0.0.1:${await freePort()}`, 200)).rejects.toThrow(
      /is not ready after 0\.2 s: connect ECONNREFUSED/,
    );
  });
});
