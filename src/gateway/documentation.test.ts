import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { gateway, LibraryApi } from '../../tests/support/gateway.ts';

const books = endpoint(LibraryApi, 'GET /v1/books', {
  summary: 'All books',
  access: 'anyone',
  answers: { status: 200, body: z.object({}) },
  handle: async () => ({ status: 200, body: {} }),
});
const { http } = gateway([books]);

describe('the documentation', () => {
  it('is at /openapi.json for programs', async () => {
    const { status, headers, body } = await http.get('/openapi.json');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(body).toMatchObject({
      openapi: '3.1.1',
      info: { version: '1.2.3' },
      paths: { '/v1/books': { get: { summary: 'All books' } } },
    });
  });

  it('is at /asyncapi.json for programs that react to events', async () => {
    const [{ status, headers, body }, { headers: ofRest }] = [
      await http.get('/asyncapi.json'),
      await http.get('/openapi.json'),
    ];
    expect(status).toBe(200);
    expect([headers['content-type'], headers['cache-control']]).toEqual([
      'application/json; charset=utf-8',
      ofRest['cache-control'],
    ]);
    expect(body).toMatchObject({
      asyncapi: '3.1.0',
      info: { version: '1.2.3' },
      operations: { 'library.book-lent.v1': { action: 'send' } },
    });
  });

  it.each([
    ['/docs', ['/docs/rapidoc.js', '/docs/page.js', '/docs/docs.css', '/openapi.json', '/docs/events']],
    ['/docs/events', ['/docs/docs.css', '/asyncapi.json', '/docs']],
  ])('is at %s for people, and loads nothing from elsewhere', async (path, parts) => {
    const page = await http.get(path);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const loaded = [...page.text.matchAll(/(?:src|href|spec-url)="([^"]+)"/g)]
      .map(([, url]) => url!)
      .filter((url) => !/^(data:|#)/.test(url));
    expect(loaded).toEqual(expect.arrayContaining(parts));
    for (const url of loaded) {
      expect(url).toMatch(/^\/(?!\/)/);
      expect((await http.get(url)).status, url).toBe(200);
    }
  });

  it('tells people who announces what and when, who reacts, and what is in it', async () => {
    const { text } = await http.get('/docs/events');
    const words = text.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
    expect(words).toContain('Book lent library &lt;somebody&gt; took it home. library : Asks for it back.');
    expect(words).toContain('Book lent library.book-lent.v1 When &lt;somebody&gt; took it home. The key is id .');
    expect(words).toContain('id uuid reader.age integer, optional in years');
  });

  it('leads from the list of events to each of them', async () => {
    const { text } = await http.get('/docs/events');
    const targets = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets).toEqual(['library.book-lent.v1']);
    for (const id of targets) expect(text).toContain(`id="${id}"`);
  });

  it('is where a browser lands that opens the address', async () => {
    const { status, headers } = await http.get('/');
    expect([status, headers.location]).toEqual([302, '/docs']);
  });

  it('could load nothing from elsewhere if it wanted to, nor run what is not its own', async () => {
    for (const path of ['/docs', '/docs/events']) {
      const { headers } = await http.get(path);
      const policy = headers['content-security-policy']!;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("connect-src 'self'");
      expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
    }
    expect((await http.get('/v1/books')).headers['content-security-policy']).not.toContain('self');
  });

  it('is sent compressed to clients that accept it', async () => {
    const [plain, zipped] = await Promise.all([
      http.get('/docs/rapidoc.js').set('Accept-Encoding', 'identity'),
      http
        .get('/docs/rapidoc.js')
        .set('Accept-Encoding', 'deflate, gzip')
        .buffer(true)
        .parse((stream, done) => {
          const chunks: Buffer[] = [];
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          stream.on('end', () => done(null, Buffer.concat(chunks)));
        }),
    ]);
    expect(plain.headers).not.toHaveProperty('content-encoding');
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    const bytes = zipped.body as Buffer;
    const text = bytes[0] === 0x1f ? gunzipSync(bytes).toString() : bytes.toString();
    expect(text.length).toBe(plain.text?.length ?? (plain.body as Buffer).toString().length);
  });

  it.each([
    ['gzip', 'gzip'],
    ['*', 'br'],
    ['identity;q=0, *', 'br'],
    ['gzip, br', 'br'],
    ['identity;q=0.5, gzip;q=0.8', 'gzip'],
    ['zstd, gzip;q=0.001', 'gzip'],
    ['', undefined],
    ['gzip;q=0', undefined],
    ['br;q=0, gzip;q=0, deflate;q=0, *', undefined],
    ['*;q=0, identity', undefined],
    ['gzip;q=0.5, identity', undefined],
    ['xgzip', undefined],
  ])('is sent to who accepts "%s" with the coding %s', async (accepted, coding) => {
    const { status, headers } = await http.get('/openapi.json').set('Accept-Encoding', accepted);
    expect([status, headers['content-encoding'], headers.vary]).toEqual([200, coding, 'Accept-Encoding']);
  });

  it.each(['identity;q=0', '*;q=0', 'zstd, identity;q=0'])(
    'is 406 to who accepts nothing that there is: "%s"',
    async (accepted) => {
      const { status, body } = await http.get('/openapi.json').set('Accept-Encoding', accepted);
      expect([status, body.code]).toEqual([406, 'platform.not-acceptable']);
    },
  );

  it('S33 is rate limited, as it is the most that a request can ask for', async () => {
    const limited = gateway([books], { settings: { rateLimit: 3 } }).http;
    const statuses: number[] = [];
    for (const path of ['/docs', '/openapi.json', '/asyncapi.json', '/docs/rapidoc.js'])
      statuses.push((await limited.get(path)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });
});
