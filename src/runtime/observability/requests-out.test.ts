import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { backgroundContext, runInContext } from '#platform/context.ts';
import { freePort } from '../../../tests/support/running-program.ts';
import { Metrics } from './metrics.ts';
import { watchRequestsOut } from './requests-out.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Answers `/404` with 404, and so on. */
async function aProvider(): Promise<string> {
  const server = createServer(({ url }, response) => response.writeHead(Number(url!.slice(1))).end());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closers.push(() => (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function watched(): Metrics {
  const metrics = new Metrics();
  closers.push(watchRequestsOut(metrics));
  return metrics;
}

const forModule = <T>(work: () => T): T => runInContext(backgroundContext('test', 60_000), work);

const ask = (url: string) =>
  new Promise<void>((resolve) => {
    const asked = request(url, (response) => void response.resume().on('end', resolve));
    asked.on('error', () => resolve()).end();
  });

/** How many requests were counted, by what is particular to each series. */
async function counted(metrics: Metrics): Promise<Record<string, number>> {
  const text = await metrics.text();
  const lines = text.matchAll(/^http_client_request_duration_seconds_count\{http_request_method="GET",(.*)\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, labels, count]) => [labels!.replaceAll('"', ''), Number(count)]));
}
const local = 'fissile_module=,server_address=127.0.0.1';

describe('requests to others', () => {
  it('are counted by address and status, whether by fetch or by http', async () => {
    const [url, metrics] = [await aProvider(), watched()];
    await forModule(() => Promise.all([ask(`${url}/200`), fetch(`${url}/200`), fetch(`${url}/503`)]));
    expect(await counted(metrics)).toEqual({
      [`${local},http_response_status_code=200`]: 2,
      [`${local},http_response_status_code=503,error_type=503`]: 1,
    });
  });

  it('are counted by why there was no answer', async () => {
    const metrics = watched();
    const port = await freePort();
    await forModule(() => ask(`http://127.0.0.1:${port}`));
    expect(await counted(metrics)).toEqual({ [`${local},error_type=ECONNREFUSED`]: 1 });
  });

  it('are no others than those of modules', async () => {
    const [url, metrics] = [await aProvider(), watched()];
    await ask(`${url}/200`);
    expect(await counted(metrics)).toEqual({});
  });

  it('make no more series than a hundred addresses have', async () => {
    const metrics = watched();
    const port = await freePort();
    const hosts = Array.from({ length: 120 }, (_, index) => `http://127.0.0.${index + 1}:${port}`);
    await forModule(() => Promise.all(hosts.map(ask)));
    const series = await counted(metrics);
    expect(Object.keys(series)).toHaveLength(101);
    expect(series['fissile_module=,server_address=_OTHER,error_type=ECONNREFUSED']).toBe(20);
  });
});
