import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Agent, get } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { LibraryApi, somebody, tokenFor } from '../../tests/support/gateway.ts';
import { serve } from '../../tests/support/served-gateway.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const emma = endpoint(LibraryApi, 'GET /v1/books/{id}', {
  summary: 'One book',
  access: 'user',
  path: z.object({ id: z.string() }),
  answers: { status: 200, body: z.object({ id: z.string() }) },
  handle: async ({ path: { id } }) => ({ status: 200, body: { id } }),
});

it('keeps no request after its answer, except the latest of an open connection', async () => {
  const { url } = await serve([emma]);
  const received: WeakRef<object>[] = [];
  const receive = (message: unknown) => received.push(new WeakRef((message as { request: object }).request));
  subscribe('http.server.request.start', receive);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => {
    unsubscribe('http.server.request.start', receive);
    agent.destroy();
  });

  const headers = { Authorization: `Bearer ${tokenFor(somebody())}` };
  for (let count = 0; count < 50; count++) await read(`${url}/v1/books/${count}`, headers, agent);

  expect(received).toHaveLength(50);
  const kept = () => {
    collectGarbage();
    return received.filter((request) => request.deref() !== undefined).length;
  };
  await expect.poll(kept).toBeLessThanOrEqual(1);
});

const read = (url: string, headers: Record<string, string>, agent: Agent) =>
  new Promise<void>((resolve, reject) => {
    get(url, { headers, agent }, (answer) => {
      expect(answer.statusCode).toBe(200);
      answer.resume().on('end', resolve);
    }).on('error', reject);
  });
