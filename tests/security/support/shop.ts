/** The whole program, all modules in one process, with people in it. */
import type { Endpoint } from '#platform/endpoint.ts';
import { findModules, loadModules } from '../../../src/host/modules.ts';
import { platformTables } from '../../../src/runtime/tables/platform-tables.ts';
import {
  admin,
  customer,
  eventually,
  type Person,
  product,
  type Reply,
  type Visitor,
} from '../../acceptance/client.ts';
import { connect } from '../../support/postgres.ts';
import { startTestProgram, type TestProgram } from '../../support/program.ts';
import type { Sample } from './samples.ts';

export const administrator = { email: 'keeper@example.com', password: 'the keeper of this shop' };
export const webhookSecret = 'the secret of the sandbox';

export type Customer = Visitor & { person: Person; userId: string };

export interface Shop {
  readonly program: TestProgram;
  readonly url: string;
  readonly keeper: Visitor;
  newCustomer(): Promise<Customer>;
  /** A person who has that role besides, for a test that may lose them. */
  newStaff(role: 'support' | 'catalogue' | 'admin'): Promise<Customer>;
  /** Asks the database as its superuser. */
  sql(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /**
   * All that the modules know, as digests by table: two are equal when nothing has changed in between. It is taken
   * when everything that was announced has been heard, and every saga has ended.
   */
  snapshot(): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Every endpoint of every module, as declared. */
export const declaredEndpoints = async (): Promise<readonly Endpoint[]> =>
  (await loadModules(await findModules())).flatMap(({ endpoints }) => endpoints);

/** The least of the people in a shop who may call an endpoint. */
export const leastFor = ({ access }: Endpoint): 'anyone' | 'user' | 'admin' =>
  typeof access === 'object' ? 'admin' : access;

export const nameOf = ({ method, url }: Endpoint): string => `${method} ${url}`;

export async function startShop(environment: Readonly<Record<string, string>> = {}): Promise<Shop> {
  const program = await startTestProgram({
    environment: {
      ADMIN_EMAIL: administrator.email,
      ADMIN_PASSWORD: administrator.password,
      SANDBOX_WEBHOOK_SECRET: webhookSecret,
      REGISTRATIONS_PER_ADDRESS: '1000000',
      LOGIN_FAILURES_PER_ADDRESS: '1000000',
      MAX_PENDING_ORDERS: '1000000',
      MAX_DECLINES_PER_HOUR: '1000000',
      ...environment,
    },
  });
  const database = await connect(new URL(program.databaseUrl).pathname.slice(1));
  const sql: Shop['sql'] = async (text, values = []) => (await database.query(text, [...values])).rows;
  // Each would run once within the first minute, and delete what has expired between two snapshots.
  for (const module of program.modules.keys()) await sql(`UPDATE ${module}.schedules SET next_run_at = 'infinity'`);
  const newCustomer = () => customer(program.url);
  return {
    program,
    url: program.url,
    keeper: await admin(program.url, administrator),
    newCustomer,
    async newStaff(role) {
      const person = await newCustomer();
      await database.query(`UPDATE auth.accounts SET roles = ARRAY['customer', $2] WHERE id = $1`, [
        person.userId,
        role,
      ]);
      return Object.assign(person, await admin(program.url, person.person));
    },
    sql,
    async snapshot() {
      await eventually(
        () => sql(unfinishedIn([...program.modules.keys()])),
        (rows) => rows.length === 0,
      );
      const digests: Record<string, unknown> = {};
      for (const table of await tablesOf(sql)) {
        const [row] = await sql(
          `SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM ${table} t`,
        );
        digests[table] = row?.digest;
      }
      return digests;
    },
    async stop() {
      await database.end();
      await program.stop();
    },
  };
}

const unfinishedIn = (schemas: readonly string[]): string =>
  schemas
    .flatMap((schema) => [
      `SELECT id::text FROM ${schema}.outbox WHERE published_at IS NULL`,
      `SELECT subscription FROM ${schema}.inbox WHERE state = 'waiting'`,
      `SELECT id FROM ${schema}.sagas WHERE state IN ('running', 'undoing')`,
      `SELECT id::text FROM ${schema}.mails WHERE state = 'waiting'`,
    ])
    .join(' UNION ALL ');

/** The platform's own, which change by themselves. */
const bookkeeping = [...platformTables, '_prisma_migrations'];

/** Connects an account at another provider to a person's, as a browser would by going there; returns its id. */
export async function connectIdentity({ sql }: Pick<Shop, 'sql'>, userId: string): Promise<string> {
  const [row] = await sql(
    `INSERT INTO auth.identities (id, account_id, issuer, subject, provider, email, connected_at)
     VALUES (gen_random_uuid(), $1, 'https://id.example', gen_random_uuid()::text, 'acme', 'somebody@id.example', now()) RETURNING id`,
    [userId],
  );
  return row!.id as string;
}

/** The tables that hold what the modules know, such as `orders.products`. */
export async function tablesOf(sql: Shop['sql']): Promise<string[]> {
  const rows = await sql(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_schema NOT IN ('information_schema', 'pg_catalog', 'public') AND table_type = 'BASE TABLE' AND table_name <> ALL ($1)
     ORDER BY 1`,
    [bookkeeping],
  );
  return rows.map(({ name }) => name as string);
}

/** A request to an endpoint, as a client would send it. */
export function send(
  as: Visitor,
  endpoint: Endpoint,
  sample: Partial<Sample>,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return as.send(endpoint.method, addressOf(endpoint, sample), sample.body, headers);
}

export function addressOf({ url }: Endpoint, { path = {}, query = {} }: Partial<Sample>): string {
  const filled = url.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name]!));
  const fields = new URLSearchParams(query).toString();
  return fields === '' ? filled : `${filled}?${fields}`;
}

export interface Purchase {
  readonly sku: string;
  readonly orderId: string;
  readonly paymentId: string;
}

/** A paid order. */
export async function purchase(
  shop: Shop,
  buyer: Visitor,
  fields: Parameters<typeof product>[0] = {},
  keeper = shop.keeper,
): Promise<Purchase> {
  const { sku } = await product(fields, keeper);
  const { body: order } = await buyer.post(
    '/v1/orders',
    { items: [{ sku, quantity: 1 }], paymentToken: 'tok_visa' },
    { prefer: 'wait=10' },
  );
  if (order.status !== 'paid') throw new Error(`The order is not paid: ${JSON.stringify(order)}`);
  const { body } = await eventually(
    () => buyer.get(`/v1/payments?orderId=${order.id}`),
    ({ body }) => body.data.length === 1,
  );
  return { sku, orderId: order.id, paymentId: body.data[0].id };
}
