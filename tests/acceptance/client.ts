/** A customer, an administrator or a stranger, as they meet the system: over HTTP and nothing else. */
import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { whenTaken } from '../support/when-taken.ts';

export interface Reply {
  status: number;
  headers: Headers;
  // biome-ignore lint: what an answer holds is what the tests are about
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export class Visitor {
  readonly baseUrl: string;
  accessToken: string | undefined;

  constructor(baseUrl: string = inject('baseUrl')) {
    this.baseUrl = baseUrl;
  }

  async send(method: Method, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const answer = await fetch(this.baseUrl + path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(this.accessToken !== undefined && { authorization: `Bearer ${this.accessToken}` }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = /json\b/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
  }

  get = (path: string, headers?: Record<string, string>) => this.send('GET', path, undefined, headers);
  post = (path: string, body?: unknown, headers?: Record<string, string>) => this.send('POST', path, body, headers);
  put = (path: string, body?: unknown, headers?: Record<string, string>) => this.send('PUT', path, body, headers);
  patch = (path: string, body?: unknown, headers?: Record<string, string>) => this.send('PATCH', path, body, headers);
  delete = (path: string, headers?: Record<string, string>) => this.send('DELETE', path, undefined, headers);
}

/** Makes the visitor send again all that is refused for now. */
export function retrying<Who extends Visitor>(visitor: Who): Who {
  const send = visitor.send.bind(visitor);
  return Object.assign(visitor, { send: (...asked: Parameters<typeof send>) => whenTaken(() => send(...asked)) });
}

export interface Person {
  email: string;
  password: string;
  name: string;
}

export const somebody = (name = 'Ada Lovelace'): Person => ({
  email: `${randomUUID()}@example.com`,
  password: `a long enough password ${randomUUID()}`,
  name,
});

async function loggedIn(credentials: { email: string; password: string }, baseUrl?: string): Promise<Visitor> {
  const visitor = new Visitor(baseUrl);
  const { status, body } = await visitor.post('/v1/auth/login', {
    email: credentials.email,
    password: credentials.password,
  });
  if (status !== 200) throw new Error(`Logging in answered ${status}: ${JSON.stringify(body)}`);
  visitor.accessToken = body.accessToken;
  return visitor;
}

export async function customer(baseUrl?: string): Promise<Visitor & { person: Person; userId: string }> {
  const person = somebody();
  const { status, body } = await new Visitor(baseUrl).post('/v1/auth/register', person);
  if (status !== 201) throw new Error(`Registering answered ${status}: ${JSON.stringify(body)}`);
  return Object.assign(await loggedIn(person, baseUrl), { person, userId: body.userId as string });
}

export const admin = (baseUrl?: string, credentials = inject('administrator')) => loggedIn(credentials, baseUrl);

export interface ProductFields {
  sku: string;
  name: string;
  price: { amount: number; currency: string };
  stock: number;
}

/** Puts a new product into the catalogue. */
export async function product(fields: Partial<ProductFields> = {}, as?: Visitor): Promise<ProductFields> {
  const whole = {
    sku: `sku-${randomUUID()}`,
    name: 'A mug',
    price: { amount: 1250, currency: 'EUR' },
    stock: 100,
    ...fields,
  };
  const { status, body } = await (as ?? (await admin())).post('/v1/products', whole);
  if (status !== 201) throw new Error(`Adding a product answered ${status}: ${JSON.stringify(body)}`);
  return whole;
}

/** Asks again until `wanted` holds; what takes longer than a minute is a failure. */
export async function eventually<T>(ask: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  let last = await ask();
  for (const deadline = Date.now() + 60_000; !wanted(last) && Date.now() < deadline; last = await ask()) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (!wanted(last)) throw new Error(`It did not happen within a minute; the last answer was ${JSON.stringify(last)}`);
  return last;
}
