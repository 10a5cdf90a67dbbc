/** The program under measurement, as a client of its HTTP interface sees it. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { HttpRequest } from './http-load.ts';
import { type BenchDatabase, type BenchProcess, startProcess } from './server.ts';

/** So many that orders seldom wait for each other's rows. */
const products = 64;
const administrator = { email: 'admin@example.com', password: 'correct horse battery staple' };
const customer = { email: 'customer@example.com', password: 'a long enough password' };

/** As in production, except that nobody is turned away and that the payments are not real. */
export const programSettings = {
  PAYMENT_PROVIDER: 'sandbox',
  RATE_LIMIT_PER_MINUTE: '1000000000',
  MAX_PENDING_ORDERS: '1000000000',
  AUTH_KEY_SECRET: randomBytes(32).toString('hex'),
  ADMIN_PASSWORD: administrator.password,
};

export const startProgram = (
  { url, folder }: BenchDatabase,
  settings: Record<string, string> = {},
): Promise<BenchProcess> =>
  startProcess('src/start.js', {
    environment: { ...programSettings, ...settings, DATABASE_URL: url },
    logFile: join(folder, 'program.log'),
    path: '/readyz',
  });

/** Gives a program on new data something to sell and somebody to buy it. */
export async function openShop({ url }: Pick<BenchProcess, 'url'>): Promise<void> {
  const admin = await logIn(url, administrator);
  for (const sku of skus) {
    const product = { sku, name: `Product ${sku}`, price: { amount: 1250, currency: 'EUR' }, stock: 1_000_000_000 };
    await post(`${url}/v1/products`, product, admin);
  }
  await post(`${url}/v1/auth/register`, { ...customer, name: 'Ada Lovelace' });
}

export interface Customer {
  /** Each of them places an order of two products, and is answered when the order is paid. */
  readonly orders: readonly [HttpRequest, ...HttpRequest[]];
  placeOrder(): Promise<{ readonly id: string; readonly customerId: string }>;
  reading(orderId: string): HttpRequest;
}

/** Several people, as no single one gets all of the program. They have to be registered first. */
export async function customersOf(program: Pick<BenchProcess, 'url'>, count: number): Promise<readonly Customer[]> {
  const people = Array.from({ length: count }, (_, index) => ({ ...customer, email: `customer-${index}@example.com` }));
  const all: Customer[] = [];
  for (const person of people) {
    await post(`${program.url}/v1/auth/register`, { ...person, name: 'Ada Lovelace' });
    all.push(await customerOf(program, person));
  }
  return all;
}

export async function customerOf({ url }: Pick<BenchProcess, 'url'>, person = customer): Promise<Customer> {
  const token = await logIn(url, person);
  const order = (body: object): HttpRequest => ({
    url: `${url}/v1/orders`,
    method: 'POST',
    headers: { ...token, Prefer: 'wait=10' },
    body: JSON.stringify(body),
    status: 201,
    contains: '"status":"paid"',
  });
  const [first, ...others] = skus.map(twoProducts).map(order) as [HttpRequest, ...HttpRequest[]];
  return {
    orders: [first, ...others],
    placeOrder: () => post(first.url, twoProducts(skus[0]!, 0), first.headers),
    reading: (id) => ({ url: `${url}/v1/orders/${id}`, headers: token, status: 200, contains: id }),
  };
}

const skus = Array.from({ length: products }, (_, index) => `BENCH-${index}`);

const twoProducts = (sku: string, index: number) => ({
  items: [sku, skus[(index + products / 2 + 1) % products]!].map((each) => ({ sku: each, quantity: 1 })),
  paymentToken: 'tok_visa',
});

async function logIn(url: string, credentials: object): Promise<Record<string, string>> {
  const { accessToken } = await post<{ accessToken: string }>(`${url}/v1/auth/login`, credentials);
  return { Authorization: `Bearer ${accessToken}` };
}

async function post<Body>(url: string, body: object, headers: Record<string, string> = {}): Promise<Body> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${url} answered ${answer.status}: ${text}`);
  return JSON.parse(text) as Body;
}
