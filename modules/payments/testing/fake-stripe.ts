/**
 * As much of Stripe as our provider talks to, over HTTP, with intents that keep their state and keys that repeat answers;
 * what can be done in its dashboard and by a customer's bank; and the events that tell of all of it.
 */
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
interface Dispute {
  readonly id: string;
  readonly amount: number;
  readonly payment_intent: string;
  won: boolean;
}
/** As it is sent to a webhook: the object is a copy of how it was when this happened. */
export interface StripeEvent {
  readonly id: string;
  readonly object: 'event';
  readonly type: string;
  readonly data: { readonly object: unknown };
}
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const refusals: Record<string, Answer> = {
  pm_declined: cardError('generic_decline', 'Your card was declined.'),
  pm_poor: cardError('insufficient_funds', 'Your card has insufficient funds.'),
  pm_of_nobody: invalid('No such PaymentMethod', { code: 'resource_missing', param: 'payment_method' }),
  pm_asks: {
    status: 402,
    body: { error: { type: 'card_error', code: 'authentication_required', message: 'Your card was declined.' } },
  },
};

export class FakeStripe {
  readonly intents = new Map<string, Intent>();
  readonly refunds: Refund[] = [];
  readonly disputes: Dispute[] = [];
  /** All that happened, oldest first. */
  readonly events: StripeEvent[] = [];
  /** `POST /v1/payment_intents`, with the key. */
  readonly requests: string[] = [];
  /** Answers in its own way; undefined lets Stripe answer. `lost`: it acts, and the answer is lost; `broken`: it acts, and answers 500; `silent`: it never answers. */
  disturb: (request: string) => Answer | 'lost' | 'broken' | 'silent' | undefined = () => undefined;
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
    const given =
      typeof disturbed === 'object' ? disturbed : this.#repeat(key, () => this.#answer(act, body, searchParams));
    const answer = disturbed === 'broken' ? broken : given;
    if (disturbed === 'lost') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });

  readonly #account: string;

  /** `account` keeps the names of two of them apart. */
  constructor(account = '') {
    this.#account = account;
  }

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
    return [...this.intents.values()]
      .filter(({ status }) => status === 'requires_capture')
      .reduce((sum, { amount }) => sum + amount, 0);
  }

  /** Taken and neither given back nor disputed. */
  keptOf(intentId: string): number {
    const { amount_received = 0 } = this.intents.get(intentId) ?? {};
    return (
      amount_received -
      this.refundedOf(intentId) -
      sumOf(this.disputes.filter(({ payment_intent, won }) => payment_intent === intentId && !won))
    );
  }

  refundedOf(intentId: string): number {
    return sumOf(
      this.refunds.filter(({ payment_intent, status }) => payment_intent === intentId && status !== 'failed'),
    );
  }

  /** In the dashboard, without metadata. What Stripe does not allow does not happen. */
  captureInDashboard(intentId: string, amount: number): void {
    const intent = this.intents.get(intentId);
    if (intent && amount <= intent.amount) this.#move(intent, ['requires_capture'], 'succeeded', amount);
  }

  cancelInDashboard(intentId: string): void {
    const intent = this.intents.get(intentId);
    if (intent) this.#move(intent, ['requires_payment_method', 'requires_capture'], 'canceled');
  }

  refundInDashboard(intentId: string, amount: number): void {
    this.#refund(new URLSearchParams({ payment_intent: intentId, amount: String(amount) }));
  }

  /** A pending refund succeeds or fails; one that succeeded can still be returned. */
  finishRefund(refund: Refund, status: 'succeeded' | 'failed'): void {
    if (refund.status === status || refund.status === 'failed') return;
    refund.status = status;
    this.#tell(status === 'failed' ? 'refund.failed' : 'refund.updated', refund);
  }

  /** The customer's bank takes money back, whether some of it was refunded before or not. */
  dispute(intentId: string, amount: number): void {
    const intent = this.intents.get(intentId);
    if (!intent || amount > intent.amount_received || this.#isDisputed(intentId)) return;
    const dispute = {
      object: 'dispute',
      id: this.#named('dp', this.disputes.length),
      amount,
      payment_intent: intentId,
      won: false,
      metadata: {},
    };
    this.disputes.push(dispute);
    this.#tell('charge.dispute.funds_withdrawn', dispute);
  }

  win(dispute: Dispute): void {
    if (dispute.won) return;
    dispute.won = true;
    this.#tell('charge.dispute.funds_reinstated', dispute);
  }

  #named = (kind: string, before: number) => `${kind}_${before + 1}${this.#account}`;

  #isDisputed = (intentId: string) =>
    this.disputes.some(({ payment_intent, won }) => payment_intent === intentId && !won);

  #tell(type: string, object: object): void {
    this.events.push({
      id: this.#named('evt', this.events.length),
      object: 'event',
      type,
      data: { object: { ...object } },
    });
  }

  #move(intent: Intent, from: readonly string[], to: string, received = intent.amount): Answer {
    if (!from.includes(intent.status)) {
      const payment_intent = { ...intent };
      return invalid(`This PaymentIntent has a status of ${intent.status}.`, {
        code: 'payment_intent_unexpected_state',
        payment_intent,
      });
    }
    intent.status = to;
    if (to === 'succeeded') intent.amount_received = received;
    if (to === 'succeeded' || to === 'canceled') this.#tell(`payment_intent.${to}`, intent);
    return ok({ ...intent });
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
      return ok({
        object: 'list',
        has_more: false,
        data: this.refunds.filter((refund) => refund.payment_intent === query.get('payment_intent')),
      });
    }
    if (act === 'POST /v1/refunds') return this.#refund(body);
    if (!intent) return invalid(`No such payment_intent: ${id}`, { code: 'resource_missing', param: 'intent' });
    if (verb === 'confirm')
      return (
        refusals[body.get('payment_method') ?? ''] ??
        this.#move(intent, ['requires_payment_method'], 'requires_capture')
      );
    if (verb === 'capture') return this.#move(intent, ['requires_capture'], 'succeeded');
    if (verb === 'cancel') return this.#move(intent, ['requires_payment_method', 'requires_capture'], 'canceled');
    return ok(intent);
  }

  #create(body: URLSearchParams): Answer {
    if (body.get('capture_method') !== 'manual') return invalid('Capture by hand.');
    const amount = Number(body.get('amount'));
    if (amount < 50) return invalid('Amount must be at least 50 cents', { code: 'amount_too_small', param: 'amount' });
    const id = this.#named('pi', this.intents.size);
    if (amount > 99_999_999)
      return invalid('Amount must be no more than 999,999.99 eur', { code: 'amount_too_large', param: 'amount' });
    const intent = {
      object: 'payment_intent',
      id,
      amount,
      amount_received: 0,
      status: 'requires_payment_method',
      metadata: metadata(body),
    };
    this.intents.set(id, intent);
    return ok({ ...intent });
  }

  #refund(body: URLSearchParams): Answer {
    const intent = this.intents.get(body.get('payment_intent') ?? '');
    const amount = Number(body.get('amount'));
    if (!intent || amount < 1 || this.refundedOf(intent.id) + amount > intent.amount_received) {
      return invalid('Refund amount is greater than unrefunded amount on charge');
    }
    if (this.#isDisputed(intent.id)) return invalid('The charge is disputed.', { code: 'charge_disputed' });
    const refund = {
      object: 'refund',
      id: this.#named('re', this.refunds.length),
      amount,
      payment_intent: intent.id,
      status: this.refundStatus,
      metadata: metadata(body),
    };
    this.refunds.push(refund);
    this.#tell('refund.created', refund);
    return ok({ ...refund });
  }
}

const sumOf = (parts: readonly { readonly amount: number }[]) => parts.reduce((sum, { amount }) => sum + amount, 0);

const broken: Answer = { status: 500, body: { error: { type: 'api_error', message: 'Sorry.' } } };

const ok = (body: unknown): Answer => ({ status: 200, body });

function invalid(message: string, fields: Record<string, unknown> = {}): Answer {
  return { status: 400, body: { error: { type: 'invalid_request_error', message, ...fields } } };
}

function cardError(decline_code: string, message: string): Answer {
  return { status: 402, body: { error: { type: 'card_error', code: 'card_declined', decline_code, message } } };
}

const metadata = (body: URLSearchParams): Record<string, string> =>
  Object.fromEntries(
    [...body].flatMap(([name, value]) => (/^metadata\[(\w+)\]$/.test(name) ? [[name.slice(9, -1), value]] : [])),
  );

async function parameters(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return new URLSearchParams(text);
}
