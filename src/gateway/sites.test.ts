import express, { type Response } from 'express';
import { describe, expect, it } from 'vitest';
import { currentContext } from '#platform/context.ts';
import { type Asked, ask, type RawAnswer, serve } from '../../tests/support/served-gateway.ts';

/** Pages of a library: an Express application as a module would write it, which knows nothing of the gateway. */
function pages() {
  const app = express().disable('x-powered-by').set('trust proxy', 1);
  const csp = "default-src 'none';style-src 'self'";
  app.get('/reading/room', (_request, response) => {
    response.set('Content-Security-Policy', csp).cookie('seat', '1', { httpOnly: true }).cookie('lamp', '2');
    response.type('html').send('<title>Reading room</title>');
  });
  app.get('/reading/far', (_request, response) => response.redirect('/reading/room'));
  app.get('/.well-known/library', ({ protocol, hostname, url, headers }, response) => {
    response
      .set('Cache-Control', 'public, max-age=60')
      .json({ at: `${protocol}://${hostname}${url}`, host: headers.host });
  });
  app.post('/reading/desk', express.urlencoded({ extended: false }), ({ body, headers }, response) => {
    const { origin, trace, requestId, deadline } = currentContext()!;
    response.json({
      body: body as unknown,
      origin: headers.origin,
      network: origin?.network,
      traced: trace.traceId.length,
      requestId,
      hurries: deadline.remaining < 60_000,
    });
  });
  app.post('/reading/unread', (_request, response: Response) => response.status(202).end());
  app.get('/reading/fault', () => {
    throw new Error('SELECT secret FROM vault');
  });
  app.get('/reading/later-fault', async () => {
    await Promise.reject(new Error('SELECT secret FROM vault'));
  });
  app.get('/reading/large', (_request, response) => response.type('text').send('x'.repeat(300_000)));
  app.get('/reading/secret', (_request, response) =>
    response.set('Cache-Control', 'no-store, no-transform').type('html').send('x'.repeat(3_000)),
  );
  return app;
}

const sites = [{ paths: ['/reading/*', '/.well-known/library'] as const, handle: pages() }];
const publicUrl = 'https://library.example';
const settings = { publicUrl, bodyLimit: 2_000, corsOrigins: ['https://shop.example'] };

/** The site in one process with the gateway, and behind it. */
async function topologies() {
  const module = await serve([], { sites, settings: { ...settings, trustProxy: 1 } });
  const upstreams = [{ name: 'library', endpoints: [], sites, origins: [module.url], certificates: undefined }];
  return { apart: await serve([], { upstreams, settings }), together: await serve([], { sites, settings }), module };
}

const differing = ['Date', 'traceparent'];
const tidy = ({ status, text, headers }: RawAnswer) => ({
  status,
  text: text.replace(/"requestId":"[^"]+"/, ''),
  headers: headers
    .filter(([name]) => !differing.includes(name))
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .toSorted(),
});

const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
const requestId = { 'X-Request-Id': 'request-1' };

describe('a site', () => {
  it.each<[string, number, string, Asked]>([
    ['a page with its own policy and cookies', 200, '/reading/room', {}],
    ['its HEAD', 200, '/reading/room', { method: 'HEAD' }],
    ['a path alone', 200, '/.well-known/library', {}],
    ['what is not below a path alone', 404, '/.well-known/library/more', {}],
    ['a redirect', 302, '/reading/far', {}],
    ['a form', 200, '/reading/desk', { method: 'POST', headers: { ...form, Origin: publicUrl }, body: 'a=1&b=%C3%A9' }],
    [
      'a form in chunks',
      200,
      '/reading/desk',
      { method: 'POST', headers: { ...form, 'Transfer-Encoding': 'chunked' }, body: 'a=1' },
    ],
    ['a form without fields', 200, '/reading/desk', { method: 'POST', headers: form }],
    ['a body that it does not read', 202, '/reading/unread', { method: 'POST', headers: form, body: 'a=1' }],
    ['a body that is too large', 413, '/reading/desk', { method: 'POST', headers: form, body: 'x'.repeat(2_001) }],
    [
      'a body that is compressed',
      415,
      '/reading/desk',
      { method: 'POST', headers: { ...form, 'Content-Encoding': 'gzip' }, body: 'x' },
    ],
    ['a method that no site takes', 405, '/reading/room', { method: 'DELETE' }],
    ['the question which are taken', 204, '/reading/room', { method: 'OPTIONS' }],
    [
      'the preflight of a page that may call',
      204,
      '/reading/desk',
      { method: 'OPTIONS', headers: { Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST' } },
    ],
    ['a page that may call', 200, '/.well-known/library', { headers: { Origin: 'https://shop.example' } }],
    ['a path that it does not know', 404, '/reading/nothing', {}],
    ['the path above', 404, '/reading', {}],
    ['a path that is not properly encoded', 400, '/reading/%zz', {}],
    ['a fault', 500, '/reading/fault', {}],
    ['a fault that comes later', 500, '/reading/later-fault', {}],
    ['what is large', 200, '/reading/large', { headers: { 'Accept-Encoding': 'gzip' } }],
    ['what must not be compressed', 200, '/reading/secret', { headers: { 'Accept-Encoding': 'gzip' } }],
  ])('is the same wherever its module runs: %s', async (_, status, path, asked) => {
    const { apart, together } = await topologies();
    const [there, here] = [
      await ask(apart.url + path, { ...asked, headers: { ...requestId, ...asked.headers } }),
      await ask(together.url + path, { ...asked, headers: { ...requestId, ...asked.headers } }),
    ];
    expect(here.status).toBe(status);
    expect(here.text).not.toContain('secret FROM');
    expect(tidy(there)).toEqual(tidy(here));
  });

  it.each(['apart', 'together'] as const)(
    'sets its own policy and cookies, beside the usual headers: %s',
    async (where) => {
      const { [where]: served } = await topologies();
      const { headers } = await ask(`${served.url}/reading/room`);
      const valuesOf = (wanted: string) =>
        headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
      expect(valuesOf('content-security-policy')).toEqual(["default-src 'none';style-src 'self'"]);
      expect(valuesOf('set-cookie')).toEqual(['seat=1; Path=/; HttpOnly', 'lamp=2; Path=/']);
      expect(valuesOf('x-frame-options')).toEqual(['DENY']);
      expect(valuesOf('referrer-policy')).toEqual(['no-referrer']);
      expect(valuesOf('cache-control')).toEqual(['no-store']);
    },
  );

  it.each(['apart', 'together'] as const)(
    'S34 knows its address from PUBLIC_URL, whatever a request says: %s',
    async (where) => {
      const { [where]: served } = await topologies();
      const forged = {
        Host: 'evil.example',
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Proto': 'http',
        Forwarded: 'host=evil.example;proto=http',
      };
      const { text } = await ask(`${served.url}/.well-known/library?x=1`, { headers: forged });
      expect(JSON.parse(text)).toEqual({ at: `${publicUrl}/.well-known/library?x=1`, host: 'library.example' });
    },
  );

  it.each(['apart', 'together'] as const)('runs in the context of the request: %s', async (where) => {
    const { [where]: served } = await topologies();
    const headers = { ...form, ...requestId, Origin: publicUrl };
    const { text } = await ask(`${served.url}/reading/desk`, { method: 'POST', headers, body: 'book=Emma' });
    expect(JSON.parse(text)).toEqual({
      body: { book: 'Emma' },
      origin: publicUrl,
      network: '127.0.0.1',
      traced: 32,
      requestId: 'request-1',
      hurries: true,
    });
  });

  it.each(['apart', 'together'] as const)('is one route to the log and the metrics: %s', async (where) => {
    const { [where]: served } = await topologies();
    await ask(`${served.url}/reading/room`);
    await ask(`${served.url}/reading/nothing`);
    await ask(`${served.url}/reading/fault`);
    const scraped = (await ask(`${served.url}/metrics`)).text;
    const routes = new Set(Array.from(scraped.matchAll(/http_route="([^"]+)"/g), ([, route]) => route));
    expect([...routes].filter((route) => route!.startsWith('/reading'))).toEqual(['/reading/*']);
    const { lines } = served.log();
    expect(lines.map(({ message }) => message)).toEqual(
      expect.arrayContaining(['GET /reading/* 200', 'GET /reading/* 404', 'GET /reading/* 500']),
    );
  });

  it('is away when its module is, and nothing else is', async () => {
    const { apart, module } = await topologies();
    await module.kill();
    expect((await ask(`${apart.url}/reading/room`)).status).toBe(503);
    expect((await ask(`${apart.url}/readyz`)).status).toBe(200);
  });

  it('S33 counts as any other request does', async () => {
    const { url } = await serve([], { sites, settings: { ...settings, rateLimit: 1 } });
    expect((await ask(`${url}/reading/room`)).status).toBe(200);
    expect((await ask(`${url}/reading/room`)).status).toBe(429);
  });

  it('takes no longer than a request may', async () => {
    const handle = () => new Promise(() => {});
    const { url } = await serve([], { sites: [{ paths: ['/reading/*'], handle }], settings: { requestTimeout: 200 } });
    expect((await ask(`${url}/reading/room`)).status).toBe(503);
  });
});
