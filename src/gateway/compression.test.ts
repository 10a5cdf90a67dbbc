import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { LibraryApi } from '../../tests/support/gateway.ts';
import { serve } from '../../tests/support/served-gateway.ts';

const Book = z.object({ title: z.string() });
const shelf = Array.from({ length: 100 }, (_, index) => ({ title: `Emma, volume ${index}` }));
const shared = { summary: 'Books', access: 'anyone' as const };
const answers = { status: 200, body: z.array(Book) };

async function* pages(end: () => Promise<unknown> = async () => {}) {
  for (let page = 0; page < 20; page++) {
    yield shelf;
    await sleep(1);
  }
  await end();
}
const broken = () => Promise.reject(new Error('the shelf fell over'));

const endpoints = [
  endpoint(LibraryApi, 'GET /v1/books', { ...shared, answers, handle: async () => ({ status: 200, body: shelf }) }),
  endpoint(LibraryApi, 'POST /v1/books', { ...shared, answers, handle: async () => ({ status: 200, body: shelf }) }),
  endpoint(LibraryApi, 'GET /v1/few-books', {
    ...shared,
    answers,
    handle: async () => ({ status: 200, body: shelf.slice(0, 3) }),
  }),
  endpoint(LibraryApi, 'GET /v1/versioned-books', {
    ...shared,
    answers,
    versioned: true,
    handle: async () => ({ status: 200, body: shelf, version: 3 }),
  }),
  endpoint(LibraryApi, 'GET /v1/streamed-books', {
    ...shared,
    answers,
    handle: async () => ({ status: 200, stream: pages() }),
  }),
  endpoint(LibraryApi, 'GET /v1/broken-books', {
    ...shared,
    answers,
    handle: async () => ({ status: 200, stream: pages(broken) }),
  }),
];

/** The module itself, and a gateway before it. */
async function everywhere() {
  const module = await serve(endpoints, { settings: { trustProxy: 1 } });
  const upstreams = [{ name: 'library', endpoints, origins: [module.url], certificates: undefined }];
  return [module, await serve([], { upstreams })];
}
const ask = (url: string, accepted = 'gzip', method = 'GET') =>
  fetch(url, { method, headers: { 'Accept-Encoding': accepted } });

describe('an answer', () => {
  it.each([
    ['gzip', 'gzip'],
    ['gzip, br', 'br'],
    ['identity', null],
  ])('is sent to who accepts %s with the coding %s', async (accepted, coding) => {
    for (const { url } of await everywhere()) {
      const answer = await ask(`${url}/v1/books`, accepted);
      expect([answer.headers.get('Content-Encoding'), answer.headers.get('Vary')]).toEqual([coding, 'Accept-Encoding']);
      expect(await answer.json()).toEqual(shelf);
    }
  });

  it('that is streamed arrives compressed and whole', async () => {
    for (const { url } of await everywhere()) {
      const answer = await ask(`${url}/v1/streamed-books`);
      expect(answer.headers.get('Content-Encoding')).toBe('gzip');
      expect(await answer.json()).toHaveLength(2_000);
    }
  });

  it('that is streamed and breaks off is not taken for whole when it is compressed', async () => {
    for (const { url } of await everywhere()) {
      await expect(ask(`${url}/v1/broken-books`).then((answer) => answer.text())).rejects.toThrow();
    }
  });

  it.each([
    ['a command, which may hold a token beside what the client sent', 'POST', 'books'],
    ['a read that is too short', 'GET', 'few-books'],
    ['a read with an ETag, which If-Match needs as it is', 'GET', 'versioned-books'],
  ])('is not compressed to %s', async (_, method, path) => {
    for (const { url } of await everywhere()) {
      const answer = await ask(`${url}/v1/${path}`, 'gzip', method);
      expect([answer.status, answer.headers.get('Content-Encoding')]).toEqual([200, null]);
    }
  });

  it('is compressed once: the gateway asks a module for the plain bytes, and logs how many they were', async () => {
    const [module, apart] = await everywhere();
    await (await ask(`${apart!.url}/v1/books`)).text();
    const bytes = JSON.stringify(shelf).length;
    await expect
      .poll(() => [...module!.log().lines, ...apart!.log().lines].map((line) => line.bytes))
      .toEqual([bytes, bytes]);
  });
});
