/** As much of Stripe as our provider talks to, over HTTP, with intents that keep their state and keys that repeat answers. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Intent {
  readonly id: string;
  readonly amount: number;
  amount_received: number;
  status: string;
  readonly metadata: Record<string, string>;
}
interface Refund {
  readonly id: string;
  readonly amount: number;
  readonly payment_intent: string;
  status: string;
  readonly metadata: Record<string, string>;
}
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const refusals: Record<string, Answer> = {
  pm_declined: cardError('generic_decline', 'Your card was declined.'),
  pm_poor: cardError('insufficient_funds', 'Your card has insufficient funds.'),
  pm_of_nobody: invalid('No such PaymentMethod', { code: 'resource_missing', param: 'payment_method' }),
  pm_asks: { status: 402, body: { error: { type: 'card_error', code: 'authentication_required', message: 'Your card was declined.' } } },
};

export class FakeStripe {
  readonly intents = new Map<string, Intent>();
  readonly refunds: Refund[] = [];
  /** `POST /v1/payment_intents`, with the key. */
  readonly requests: string[] = [];
  /** Answers in its own way; undefined lets Stripe answer. `lost`: it acts, and the answer is lost; `silent`: it never answers. */
  disturb: (request: string) => Answer | 'lost' | 'silent' | undefined = () => undefined;
  refundStatus = 'succeeded';
  readonly #answers = new Map<string, Answer>();
  readonly #server = createServer(async (request, response) => {
    const body = await parameters(request);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stripe');
    const act = `${request.method} ${pathname}`;
    const key = request.headers['idempotency-key'];
    this.requests.push(`${act} ${String(key ?? '')}`.trim());
    const disturbed = this.disturb(act);
    if (disturbed === 'silent') return;
    const answer = typeof disturbed === 'object' ? disturbed : this.#repeat(key, () => this.#answer(act, body, searchParams));
    if (disturbed === 'lost') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** As it does after a day. */
  forgetKeys(): void {
    this.#answers.clear();
  }

  get held(): number {
    return [...this.intents.values()].filter(({ status }) => status === 'requires_capture').reduce((sum, { amount }) => sum + amount, 0);
  }

  #repeat(key: string | string[] | undefined, answer: () => Answer): Answer {
    const known = this.#answers.get(String(key));
    const given = known ?? answer();
    if (key !== undefined) this.#answers.set(String(key), given);
    return given;
  }

  #answer(act: string, body: URLSearchParams, query: URLSearchParams): Answer {
    const [, id = '', verb] = /\/payment_intents\/([^/]+)\/?(\w+)?$/.exec(act) ?? [];
    const intent = this.intents.get(id);
    if (act === 'POST /v1/payment_intents') return this.#create(body);
    if (act === 'GET /v1/refunds') {
      return ok({ object: 'list', has_more: false, data: this.refunds.filter((refund) => refund.payment_intent === query.get('payment_intent')) });
    }
    if (act === 'POST /v1/refunds') return this.#refund(body);
    if (!intent) return invalid(`No such payment_intent: ${id}`, { code: 'resource_missing', param: 'intent' });
    if (verb === 'confirm') return refusals[body.get('payment_method') ?? ''] ?? move(intent, ['requires_payment_method'], 'requires_capture');
    if (verb === 'capture') return move(intent, ['requires_capture'], 'succeeded');
    if (verb === 'cancel') return move(intent, ['requires_payment_method', 'requires_capture'], 'canceled');
    return ok(intent);
  }

  #create(body: URLSearchParams): Answer {
    if (body.get('capture_method') !== 'manual') return invalid('Capture by hand.');
    const amount = Number(body.get('amount'));
    if (amount < 50) return invalid('Amount must be at least 50 cents', { code: 'amount_too_small', param: 'amount' });
    const id = `pi_${this.intents.size + 1}`;
    const intent = { object: 'payment_intent', id, amount, amount_received: 0, status: 'requires_payment_method', metadata: metadata(body) };
    this.intents.set(id, intent);
    return ok({ ...intent });
  }

  #refund(body: URLSearchParams): Answer {
    const intent = this.intents.get(body.get('payment_intent') ?? '');
    const amount = Number(body.get('amount'));
    const given = this.refunds.reduce((sum, refund) => sum + refund.amount, 0);
    if (!intent || given + amount > intent.amount) return invalid('Refund amount is greater than unrefunded amount on charge');
    const refund = { object: 'refund', id: `re_${this.refunds.length + 1}`, amount, payment_intent: intent.id, status: this.refundStatus, metadata: metadata(body) };
    this.refunds.push(refund);
    return ok({ ...refund });
  }
}

const ok = (body: unknown): Answer => ({ status: 200, body });

function invalid(message: string, fields: Record<string, unknown> = {}): Answer {
  return { status: 400, body: { error: { type: 'invalid_request_error', message, ...fields } } };
}

function cardError(decline_code: string, message: string): Answer {
  return { status: 402, body: { error: { type: 'card_error', code: 'card_declined', decline_code, message } } };
}

function move(intent: Intent, from: readonly string[], to: string): Answer {
  if (!from.includes(intent.status)) {
    const payment_intent = { ...intent };
    return invalid(`This PaymentIntent has a status of ${intent.status}.`, { code: 'payment_intent_unexpected_state', payment_intent });
  }
  intent.status = to;
  if (to === 'succeeded') intent.amount_received = intent.amount;
  return ok({ ...intent });
}

const metadata = (body: URLSearchParams): Record<string, string> =>
  Object.fromEntries([...body].flatMap(([name, value]) => (/^metadata\[(\w+)\]$/.test(name) ? [[name.slice(9, -1), value]] : [])));

async function parameters(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return new URLSearchParams(text);
}
