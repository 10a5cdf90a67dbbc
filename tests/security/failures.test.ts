/** A database that refuses, under every endpoint: what the client is told of it, and what the log. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Visitor } from '../acceptance/client.ts';
import { exampleOf } from './support/samples.ts';
import { declaredEndpoints, leastFor, nameOf, send, type Shop, startShop, tablesOf } from './support/shop.ts';

const endpoints = await declaredEndpoints();
let shop: Shop;
let people: Record<'anyone' | 'user' | 'admin', Visitor>;
beforeAll(async () => {
  shop = await startShop();
  people = { anyone: new Visitor(shop.url), user: await shop.newCustomer(), admin: shop.keeper };
  // Tokens that were believed a moment ago still are: nobody has to ask the database about them.
  for (const visitor of [people.user, people.admin]) await visitor.get('/v1/users/me');
  await shop.snapshot();
  const auditLogs = await shop.sql(
    "SELECT schemaname || '.audit_log' AS name FROM pg_tables WHERE tablename = 'audit_log'",
  );
  for (const table of [...(await tablesOf(shop.sql)), ...auditLogs.map(({ name }) => name as string)])
    await shop.sql(`ALTER TABLE ${table} RENAME TO lost_${table.split('.')[1]!}`);
});
afterAll(() => shop.stop());

/** SQL, the names of tables and columns, drivers, files and stacks. */
const internals =
  /\b(select|insert|update|delete|from|where|returning)\b.*\b(from|into|set|where|values)\b|relation|column|constraint|lost_|prisma|postgres|\bpg\b|\.[tj]s\b|node_modules|\n\s+at |42P01|stack|_id\b/i;

/** In memory, or refused before anything is looked for. */
const needsNoTable = new Set([
  'GET /.well-known/jwks.json',
  'POST /v1/payments/webhooks/{provider}',
  'POST /v1/auth/register',
  'POST /v1/auth/applications',
]);

describe('a database that refuses everything', () => {
  it.each(endpoints.map((endpoint) => [nameOf(endpoint), endpoint] as const))(
    'S36 shows nothing of itself in the answer of %s',
    async (name, endpoint) => {
      const requestId = `failure-of-${endpoints.indexOf(endpoint)}`;
      const { status, headers, body } = await send(people[leastFor(endpoint)], endpoint, exampleOf(endpoint), {
        'x-request-id': requestId,
      });
      expect(JSON.stringify([body, ...headers])).not.toMatch(internals);
      if (needsNoTable.has(name)) return;
      expect(status).toBe(500);
      expect(headers.get('content-type')).toBe('application/problem+json');
      expect(body).toEqual({
        type: 'urn:problem:platform.internal',
        title: expect.any(String),
        status: 500,
        detail: body.title,
        code: 'platform.internal',
        requestId,
      });
      const log = shop.program.logged.filter((line) => line.includes(requestId));
      expect(log.join()).toMatch(/"level":"error".*does not exist/);
    },
  );

  it('S36 is seen by the operator of /readyz and /metrics without a word of SQL', async () => {
    const [readiness, metrics] = [await people.anyone.get('/readyz'), await people.anyone.get('/metrics')];
    expect(JSON.stringify(readiness.body)).not.toMatch(/select |relation|lost_|node_modules|42P01/i);
    // Metrics count statements by the kind of failure, which is a code.
    expect(JSON.stringify(metrics.body)).not.toMatch(/select |relation|lost_|node_modules/i);
    expect(metrics.body).toContain('error_type="42P01"');
  });

  it('S36 is not found in problems that the client has made', async () => {
    const wrong = [
      await people.user.post('/v1/orders', '{"items": [}'),
      await people.user.post('/v1/orders', { items: [{ sku: '../..', quantity: "1'; DROP TABLE orders" }] }),
      await people.user.get(`/v1/orders/${encodeURIComponent("' OR 1=1 --")}`),
      await people.user.get('/v1/%ff'),
      await people.anyone.get('/v1/users/me', { authorization: 'Bearer x.y.z' }),
    ];
    for (const { status, body } of wrong) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(JSON.stringify(body)).not.toMatch(/SyntaxError|ZodError|JsonWebTokenError|node_modules|\n\s+at |stack/);
    }
  });
});
