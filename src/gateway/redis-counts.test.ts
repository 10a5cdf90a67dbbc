import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import type { Logger } from '#platform/logger.ts';
import { issueCertificates } from '../host/certificates.ts';
import { connectSharedCounts } from '../host/shared-counts.ts';
import { gateway, LibraryApi, somebody, tokenFor } from '../../tests/support/gateway.ts';
import { needsRedis, noRedis, redisUrl } from '../../tests/support/redis.ts';
import { tcpLink } from '../../tests/support/tcp-link.ts';

const books = endpoint(LibraryApi, 'GET /v1/books', {
  summary: 'All books',
  access: 'anyone',
  answers: { status: 200, body: z.object({}) },
  handle: async () => ({ status: 200, body: {} }),
});

/** Nobody else's: counts are kept for a minute. */
const someAddress = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;

const noting = (log: string[]): Logger => {
  const note = (line: string) => void log.push(line);
  return { debug: note, info: note, warn: note, error: note };
};

/** A gateway that allows `rateLimit` requests a minute and counts them where `url` says. */
async function counting(rateLimit: number, url = redisUrl) {
  const log: string[] = [];
  const sharedCounts = await connectSharedCounts(url, noting(log));
  onTestFinished(() => sharedCounts.close());
  const { http } = gateway([books], { sharedCounts, settings: { rateLimit, trustProxy: 1 } });
  return {
    log,
    from: (address: string, headers = {}) => http.get('/v1/books').set({ 'X-Forwarded-For': address, ...headers }),
  };
}

/** Redis behind a connection that can be cut. */
async function linked() {
  const { hostname, port } = new URL(redisUrl);
  const link = await tcpLink({ host: hostname, port: Number(port || 6379) });
  onTestFinished(() => link.close());
  return { link, url: `redis://127.0.0.1:${link.port}` };
}

describe.skipIf(noRedis)(`several gateways with one Redis${needsRedis}`, () => {
  it('S33 count the requests of an address together, and tell what is left of them', async () => {
    const [one, two] = [await counting(3), await counting(3)];
    const address = someAddress();
    const headers = async (answer: Promise<{ headers: Record<string, string> }>) => (await answer).headers.ratelimit;
    expect(await headers(one.from(address))).toMatch(/^"default";r=2;t=\d+$/);
    expect(await headers(two.from(address))).toMatch(/r=1;/);
    expect(await headers(one.from(address))).toMatch(/r=0;/);
    const refused = await two.from(address);
    expect([refused.status, refused.headers['ratelimit-policy']]).toEqual([429, '"default";q=3;w=60']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await one.from(someAddress())).status).toBe(200);
  });

  it('S33 count those of an account together, from wherever they come', async () => {
    const [one, two] = [await counting(2), await counting(2)];
    const headers = { Authorization: `Bearer ${tokenFor(somebody())}` };
    // The first one at each gateway is counted for its address, as nobody has proved yet who sent it.
    for (const each of [one, two]) await each.from(someAddress(), headers);
    const statuses: number[] = [];
    for (const each of [one, two, one]) statuses.push((await each.from(someAddress(), headers)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('S33 each count for themselves while Redis is away, and together again afterwards', async () => {
    const { link, url } = await linked();
    const one = await counting(2, url);
    link.refuse();
    link.breakAll();
    const address = someAddress();
    const statuses: number[] = [];
    for (let time = 0; time < 4; time++) statuses.push((await one.from(address)).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    link.accept();
    await expect.poll(() => one.log).toContain('Redis is back.');
    const [other, elsewhere] = [await counting(2), someAddress()];
    await one.from(elsewhere);
    expect((await other.from(elsewhere)).headers.ratelimit).toMatch(/r=0;/);
    expect(one.log.filter((line) => line.startsWith('Redis is away.'))).toHaveLength(1);
  });

  it('S33 each count for themselves while Redis does not answer, without waiting for it', async () => {
    const { link, url } = await linked();
    const one = await counting(2, url);
    link.delay = 60_000;
    const [address, startedAt] = [someAddress(), Date.now()];
    const statuses: number[] = [];
    for (let time = 0; time < 3; time++) statuses.push((await one.from(address)).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect(Date.now() - startedAt).toBeLessThan(30_000);
  });

  it('reach it over TLS where the URL says so, and only if its certificate is right', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fissile-redis-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const { ca, cert, key } = (await issueCertificates(folder, new Map([['redis', ['localhost']]]))).get('redis')!;
    const { hostname, port } = new URL(redisUrl);
    const server = createTlsServer({ cert: await readFile(cert), key: await readFile(key) }, (socket) => {
      const redis = connect(Number(port || 6379), hostname);
      socket
        .on('error', () => redis.destroy())
        .on('close', () => redis.destroy())
        .pipe(redis)
        .on('error', () => socket.destroy())
        .pipe(socket);
    });
    const url = `rediss://localhost:${await portOf(server)}`;
    await expect(counting(1, url)).rejects.toThrow('REDIS_URL');
    const trusted = getCACertificates('default');
    onTestFinished(() => setDefaultCACertificates(trusted));
    setDefaultCACertificates([...trusted, await readFile(ca, 'utf8')]);
    const one = await counting(1, url);
    const address = someAddress();
    expect([(await one.from(address)).status, (await one.from(address)).status]).toEqual([200, 429]);
  });
});

describe('a start with a Redis that is not there', () => {
  it('is refused with a line that names the variable and what to do, and no password', async () => {
    const server = createServer();
    const port = await portOf(server);
    await new Promise((resolve) => server.close(resolve));
    const start = connectSharedCounts(`redis://user:secret@127.0.0.1:${port}`, noting([]));
    await expect(start).rejects.toThrow(
      `REDIS_URL: redis://127.0.0.1:${port} cannot be used (ECONNREFUSED). Start Redis there, or leave REDIS_URL out: then each gateway counts by itself.`,
    );
  });

  it('is refused in time when something else is there, and says nothing', async () => {
    const port = await portOf(createServer());
    const start = connectSharedCounts(`redis://127.0.0.1:${port}`, noting([]));
    await expect(start).rejects.toThrow('REDIS_URL');
  });
});

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
