/** Somebody with a long history asks for all that is stored about them, where every module is a process of its own. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PersonalData } from '../../modules/users/contract.ts';
import { virtualHost, withoutBroker } from '../support/broker.ts';
import { enterEmbedded } from '../support/embedded-database.ts';
import { temporaryFolder, type RunningProgram } from '../support/running-program.ts';
import { startTopology, writeTopology } from '../support/topologies.ts';

const missing = await withoutBroker();
const modules = readdirSync(new URL('../../modules', import.meta.url)).sort();
const json = { 'content-type': 'application/json' };
const credentials = { email: 'ada@example.com', password: 'correct horse battery staple' };
const count = 50_000;

/** $1 the customer, $2 how many. Ids of version 7 rise with time. */
const placeOrders = `
  INSERT INTO orders.orders (id, customer_id, status, currency, total, items, history, version, placed_at)
  SELECT ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, $1, 'pending', 'EUR', 1200,
    '[{"sku": "mug-blue", "name": "Blue mug", "quantity": 1, "unitPrice": {"amount": 1200, "currency": "EUR"}}]',
    '[{"status": "pending", "at": "2026-01-01T00:00:00.000Z"}]', 1, '2026-01-01' FROM generate_series(1, $2::int) AS n`;
const pay = `
  INSERT INTO payments.payments (id, order_id, customer_id, idempotency_key, fingerprint, state, currency, amount, captured, provider, created_at, updated_at)
  SELECT id, id, $1, id::text, '', 'captured', 'EUR', 1200, 1200, 'sandbox', '2026-01-01', '2026-01-01'
  FROM (SELECT ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid AS id FROM generate_series(1, $2::int) AS n) AS paid`;

describe.skipIf(missing)(
  `an export of ${count} orders and payments${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    const closers: (() => Promise<unknown>)[] = [];
    let program: RunningProgram;
    let headers: Record<string, string>;

    beforeAll(async () => {
      const folder = await temporaryFolder('fissile-export-');
      closers.push(folder.remove);
      const broker = await virtualHost();
      closers.push(broker.remove);
      const file = join(folder.path, 'apart.yaml');
      await writeTopology(
        file,
        modules.map((name) => ({ name, modules: [name], replicas: name === 'users' ? 2 : 1 })),
      );
      const environment = { DATA_DIR: join(folder.path, 'data'), EVENTS_URL: broker.url };
      program = await startTopology(file, environment);
      closers.push(() => program.stop());

      const post = (path: string, body: object) =>
        fetch(program.url + path, { method: 'POST', headers: json, body: JSON.stringify(body) });
      const { userId } = (await (await post('/v1/auth/register', { ...credentials, name: 'Ada' })).json()) as {
        userId: string;
      };
      const { accessToken } = (await (await post('/v1/auth/login', credentials)).json()) as { accessToken: string };
      headers = { authorization: `Bearer ${accessToken}` };
      for (const [database, statement] of [
        ['orders', placeOrders],
        ['payments', pay],
      ] as const) {
        const client = await enterEmbedded(environment.DATA_DIR, database);
        await client.query(statement, [userId, count]);
        await client.end();
      }
    });
    afterAll(async () => {
      for (const close of closers.splice(0).reverse()) await close();
    });

    const ask = (path: string) => fetch(program.url + path, { headers });

    it('is complete, and one at a time, while everything stays in rotation', async () => {
      const answer = await ask('/v1/users/me/export');
      expect(answer.status).toBe(200);
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = (await reader.read()).value!;

      // Each copy of the module is asked.
      for (let copy = 0; copy < 2; copy++) {
        const another = await ask('/v1/users/me/export');
        expect(another.status).toBe(429);
        expect(Number(another.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(await another.json()).toMatchObject({ code: 'users.export-under-way' });
      }

      const asked: number[] = [];
      let chunks = 0;
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        text += next.value;
        if (chunks++ % 50 === 0) asked.push((await ask('/readyz')).status, (await ask('/v1/users/me')).status);
      }
      const { profile, account, orders, payments } = PersonalData.parse(JSON.parse(text));
      expect(profile?.email).toBe(credentials.email);
      expect(account.sessions).toHaveLength(1);
      const ids = (all: { id: string }[]) => new Set(all.map(({ id }) => id)).size;
      expect([orders.length, ids(orders), payments.length, ids(payments)]).toEqual([count, count, count, count]);
      expect(new Set(asked)).toEqual(new Set([200]));
    });

    it('can be asked for again as soon as somebody gave one up', async () => {
      const gone = new AbortController();
      await fetch(`${program.url}/v1/users/me/export`, { headers, signal: gone.signal });
      gone.abort();
      await expect
        .poll(async () => {
          const answer = await ask('/v1/users/me/export');
          await answer.body?.cancel();
          return answer.status;
        })
        .toBe(200);
    });
  },
);
