import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { platformErrors } from '#platform/errors.ts';
import { endpoint } from '#platform/endpoint.ts';
import { gateway, LibraryApi, somebody, tokenFor, type TestGatewayOptions } from '../../tests/support/gateway.ts';

const books = endpoint(LibraryApi, 'GET /v1/books', {
  summary: 'All books',
  access: 'anyone',
  answers: { status: 200, body: z.object({}) },
  handle: async () => ({ status: 200, body: {} }),
});
const library = (options?: TestGatewayOptions) => gateway([books], options);

describe('the rate limit', () => {
  it('S33 tells what is left, then refuses and says when to come back', async () => {
    const { http } = library({ settings: { rateLimit: 2 } });
    const first = await http.get('/v1/books');
    expect(first.headers['ratelimit-policy']).toBe('"default";q=2;w=60');
    expect(first.headers.ratelimit).toBe('"default";r=1;t=60');
    expect((await http.get('/v1/books')).headers.ratelimit).toMatch(/r=0;/);
    const refused = await http.get('/v1/books');
    expect(refused.status).toBe(429);
    expect(refused.body.code).toBe('platform.too-many-requests');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(refused.headers.ratelimit).toMatch(/r=0;/);
  });

  const peopleIn = (rateLimit: number) => {
    const { http } = library({ settings: { rateLimit, trustProxy: 1 } });
    return () => {
      const authorization = `Bearer ${tokenFor(somebody())}`;
      return async (address: string) => {
        const { status, headers } = await http
          .get('/v1/books')
          .set({ Authorization: authorization, 'X-Forwarded-For': address });
        return [status, Number(/r=(\d+)/.exec(headers.ratelimit!)![1])];
      };
    };
  };

  it('S33 counts a person wherever they are, once they are known', async () => {
    const newcomer = peopleIn(2);
    const [ada, grace] = [newcomer(), newcomer()];
    // The first request of each is verified only after it was counted for the network.
    await ada('192.0.2.1');
    await grace('192.0.2.2');
    expect(await ada('192.0.2.3')).toEqual([200, 1]);
    expect(await ada('192.0.2.4')).toEqual([200, 0]);
    expect(await ada('192.0.2.5')).toEqual([429, 0]);
    expect(await grace('192.0.2.3')).toEqual([200, 0]);
  });

  it('S33 counts the network of a person too, and not what it refuses the person', async () => {
    const newcomer = peopleIn(3);
    const [ada, grace] = [newcomer(), newcomer()];
    for (const left of [2, 1, 0]) expect(await ada('192.0.2.1')).toEqual([200, left]);
    expect(await ada('192.0.2.1'), 'another person of the same network').toEqual([429, 0]);
    expect(await grace('192.0.2.1')).toEqual([429, 0]);
    expect(await ada('192.0.2.2')).toEqual([429, 0]);
    for (const left of [2, 1]) expect(await grace('192.0.2.2')).toEqual([200, left]);
  });

  it('S33 counts what does not exist and tokens that are refused', async () => {
    const { http } = library({ settings: { rateLimit: 2 } });
    expect((await http.get('/nothing')).status).toBe(404);
    expect((await http.get('/v1/books').set('Authorization', 'Bearer nonsense')).status).toBe(200);
    expect((await http.get('/nothing')).status).toBe(429);
  });

  it('S34 is not escaped with another X-Forwarded-For each time', async () => {
    const { http } = library({ settings: { rateLimit: 1 } });
    await http.get('/v1/books').set('X-Forwarded-For', '203.0.113.1');
    expect((await http.get('/v1/books').set('X-Forwarded-For', '203.0.113.2')).status).toBe(429);
  });

  it('takes the addresses of one IPv6 network for one', async () => {
    const { http } = library({ settings: { rateLimit: 1, trustProxy: 1 } });
    const from = async (address: string) => (await http.get('/v1/books').set('X-Forwarded-For', address)).status;
    expect(await from('2001:db8:0:7::1')).toBe(200);
    expect(await from('2001:db8:0:7:ffff:1:2:3')).toBe(429);
    expect(await from('2001:db8::7:0:0:0:9')).toBe(429);
    expect(await from('2001:db8:0:8::1')).toBe(200);
  });

  it('S34 takes an address for the same whatever port a proxy adds', async () => {
    const { http } = library({ settings: { rateLimit: 1, trustProxy: 1 } });
    const from = async (address: string) => (await http.get('/v1/books').set('X-Forwarded-For', address)).status;
    expect(await from('192.0.2.1:1024')).toBe(200);
    for (const same of ['192.0.2.1:1025', '192.0.2.1', '::ffff:192.0.2.1', '[::ffff:c000:201]:9'])
      expect(await from(same), same).toBe(429);
    expect(await from('[2001:db8::1]:443')).toBe(200);
    for (const same of ['[2001:db8::2]:444', '2001:DB8:0:0:ffff::']) expect(await from(same), same).toBe(429);
  });

  it('leaves probes and scrapes alone', async () => {
    const { http } = library({ settings: { rateLimit: 1 } });
    for (let time = 0; time < 3; time++) {
      for (const path of ['/livez', '/readyz', '/metrics']) expect((await http.get(path)).status).toBe(200);
    }
  });

  it('can be turned off', async () => {
    const { headers } = await library({ settings: { rateLimit: 0 } }).http.get('/v1/books');
    expect(headers).not.toHaveProperty('ratelimit');
  });
});

describe('requests from the pages of other origins', () => {
  const shop = 'https://shop.example';

  it('are allowed by no header unless configured', async () => {
    const { http } = library();
    const { headers } = await http.get('/v1/books').set('Origin', shop);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    const preflight = await http.options('/v1/books').set({ Origin: shop, 'Access-Control-Request-Method': 'GET' });
    expect(preflight.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('are allowed for the configured origins only, and never with credentials', async () => {
    const { http } = library({ settings: { corsOrigins: [shop] } });
    const { headers } = await http.get('/v1/books').set('Origin', shop);
    expect(headers['access-control-allow-origin']).toBe(shop);
    expect(headers.vary).toBe('Origin');
    expect(headers['access-control-expose-headers']).toContain('ETag');
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    for (const other of ['https://shop.example.evil', 'http://shop.example', 'null']) {
      expect((await http.get('/v1/books').set('Origin', other)).headers).not.toHaveProperty(
        'access-control-allow-origin',
      );
    }
  });

  it('are announced by a preflight, which is answered without asking who it is', async () => {
    const { http } = library({ settings: { corsOrigins: [shop] } });
    const { status, headers } = await http
      .options('/v1/books')
      .set({ Origin: shop, 'Access-Control-Request-Method': 'GET' });
    expect(status).toBe(204);
    expect(headers['access-control-allow-methods']).toContain('PATCH');
    expect(headers['access-control-allow-headers']).toContain('Idempotency-Key');
  });
});

describe('the health of the program', () => {
  it('is alive whatever else is wrong', async () => {
    const { status, body } = await library({ checks: { database: () => Promise.reject(new Error('gone')) } }).http.get(
      '/livez',
    );
    expect([status, body]).toEqual([200, { status: 'ok' }]);
  });

  it('is ready when every check passes, and says what they found', async () => {
    const { status, body } = await library({ checks: { database: async () => {}, disk: async () => {} } }).http.get(
      '/readyz',
    );
    expect(status).toBe(200);
    expect(body).toEqual({
      status: 'ok',
      checks: [
        { name: 'database', status: 'ok', milliseconds: expect.any(Number) },
        { name: 'disk', status: 'ok', milliseconds: expect.any(Number) },
      ],
    });
  });

  it('is not ready when one fails; why is in the log, once, and of it only what is no secret in the answer', async () => {
    let working = false;
    const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' });
    const { http, log } = library({
      checks: {
        database: async () => {
          if (!working) throw refused;
        },
      },
    });
    const { status, body, text } = await http.get('/readyz');
    expect(status).toBe(503);
    expect(body.checks).toMatchObject([{ name: 'database', status: 'failed', reason: 'ECONNREFUSED' }]);
    expect(text).not.toContain('10.0.0.7');
    await http.get('/readyz');
    working = true;
    expect((await http.get('/readyz')).status).toBe(200);
    const messages = log()
      .lines.map(({ level, message }) => `${level}: ${message}`)
      .filter((line) => line.includes('check'));
    expect(messages).toEqual(['warn: The check "database" fails.', 'info: The check "database" passes again.']);
  });

  it('does not wait for a check that hangs, and does not pile them up', async () => {
    let started = 0;
    const { http } = library({
      checks: {
        database: () => {
          started += 1;
          return delay(5_000, undefined, { ref: false });
        },
      },
    });
    const answers = await Promise.all([http.get('/readyz'), http.get('/readyz'), http.get('/readyz')]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(answers[0]!.body.checks[0].reason).toContain('1000 ms');
    expect(started).toBe(1);
  });

  it('says no while the program drains, and still answers what comes', async () => {
    const { http, drain } = library();
    drain();
    const { status, body } = await http.get('/readyz');
    expect([status, body.status]).toEqual([503, 'draining']);
    const answer = await http.get('/v1/books');
    expect(answer.status).toBe(200);
    expect(answer.headers.connection).toBe('close');
  });

  it('tells details that do not make it less ready, even those that cannot be told', async () => {
    const details = {
      broker: () => ({ connected: false }),
      breaker: async () => 'open',
      broken: () => {
        throw new Error('at 10.0.0.7');
      },
      hanging: () => delay(5_000, undefined, { ref: false }),
    };
    const { status, body } = await library({ details }).http.get('/readyz');
    expect(status).toBe(200);
    expect(body.details).toEqual({
      broker: { connected: false },
      breaker: 'open',
      broken: 'unknown',
      hanging: 'unknown',
    });
  });

  it('tells what a failure says itself', async () => {
    const failing = () => Promise.reject(platformErrors.unavailable('Migrations are still running.'));
    const { body } = await library({ checks: { migrations: failing } }).http.get('/readyz');
    expect(body.checks[0].reason).toBe('Migrations are still running.');
  });
});

describe('the metrics', () => {
  it('count requests by route and status, not by path', async () => {
    const { http } = library();
    await http.get('/v1/books');
    await http.get('/v1/books?page=7');
    await http.get(`/${'x'.repeat(100)}`);
    const { text, headers } = await http.get('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const count = (method: string, route: string, module: string, status: number) =>
      `http_server_request_duration_seconds_count{http_request_method="${method}",http_route="${route}",fissile_module="${module}",fissile_ingress="public",http_response_status_code="${status}"}`;
    expect(text).toContain(`${count('GET', '/v1/books', 'library', 200)} 1`);
    expect(text).toContain(`${count('GET', '/v1/books', 'library', 400)} 1`);
    expect(text).toContain(`${count('_OTHER', 'unmatched', '', 404)} 1`);
    expect(text).toContain('http_server_active_requests 1');
    expect(text).not.toContain('xxx');
  });
});
