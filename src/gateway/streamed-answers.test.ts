/** Answers that are written while they are still being read, in the process of the module and through a gateway. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { LibraryApi } from '../../tests/support/gateway.ts';
import { ask, serve } from '../../tests/support/served-gateway.ts';

const requestTimeout = 500;
const Shelf = z.object({ books: z.array(z.object({ title: z.string() })) });
let done = 0;

/** Gives so many pages, each after a while, and then what `end` gives. */
async function* books(pages: number, end: () => Promise<unknown> = async () => {}) {
  for (let page = 0; page < pages; page++) {
    await sleep(requestTimeout / 2);
    yield [{ title: `Book ${page}` }];
  }
  await end();
}

const streaming = (path: string, list: () => AsyncIterable<{ title: string }[]>, timeout?: number) =>
  endpoint(LibraryApi, `GET /v1/${path}`, {
    summary: path,
    access: 'anyone',
    ...(timeout !== undefined && { timeout }),
    answers: { status: 200, body: Shelf },
    handle: async () => ({ status: 200, stream: { books: list() }, done: async () => void done++ }),
  });

const endpoints = [
  streaming('long', () => books(4), 60_000),
  streaming('late', () => books(1000)),
  streaming('broken', () => books(1, () => Promise.reject(new Error('the shelf fell over'))), 60_000),
];
const settings = { requestTimeout };

async function everywhere(): Promise<string[]> {
  const module = await serve(endpoints, { settings: { ...settings, trustProxy: 1 } });
  const upstreams = [{ name: 'library', endpoints, origins: [module.url], certificates: undefined }];
  return [module.url, (await serve([], { upstreams, settings })).url];
}

describe('an answer that is streamed', () => {
  it('takes as long as its endpoint may, which is longer than other requests', async () => {
    for (const url of await everywhere()) {
      const { status, headers, text } = await ask(`${url}/v1/long`);
      expect(status).toBe(200);
      expect(new Map(headers).get('Content-Type')).toBe('application/json; charset=utf-8');
      expect(JSON.parse(text)).toEqual({ books: [0, 1, 2, 3].map((page) => ({ title: `Book ${page}` })) });
      expect((await ask(`${url}/v1/long`, { method: 'HEAD' })).text).toBe('');
    }
  });

  it.each(['late', 'broken'])('is cut off where it is %s, so that nobody takes a part for the whole', async (path) => {
    for (const url of await everywhere()) {
      const before = done;
      await expect(ask(`${url}/v1/${path}`)).rejects.toMatchObject({ code: 'ECONNRESET' });
      await expect.poll(() => done).toBe(before + 1);
    }
  });
});
