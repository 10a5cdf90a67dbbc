/**
 * Customers who order, cancel and pay with everything the sandbox knows, and who remember what they were told. A
 * request that got no answer is sent again with the same key after the restart, as a good client does.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { customer, type Visitor } from '../acceptance/client.ts';

interface Attempt {
  readonly key: string;
  readonly body: unknown;
  /** The answer, once there is one. */
  answer?: { status: number; text: string; id: string | undefined };
  cancel?: boolean;
}

const tokens = ['tok_visa', 'tok_visa', 'tok_visa', 'tok_visa', 'tok_declined', 'tok_flaky', 'tok_insufficient_funds'];
const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;

/** For a program whose shoppers these are: they order without end, and are declined often. */
export const forShoppers = { CHECKOUT_TIMEOUT: '60', MAX_PENDING_ORDERS: '100000', MAX_DECLINES_PER_HOUR: '100000' };

export class Shopper {
  readonly visitor: Visitor;
  readonly attempts: Attempt[] = [];
  /** Requests that got no answer. */
  interrupted = 0;
  readonly #skus: readonly string[];
  #shopping = true;

  private constructor(visitor: Visitor, skus: readonly string[]) {
    this.visitor = visitor;
    this.#skus = skus;
  }

  static async register(baseUrl: string, skus: readonly string[]): Promise<Shopper> {
    return new Shopper(await customer(baseUrl), skus);
  }

  /** Until stop(); an order that got no answer stays without one. */
  async shop(): Promise<void> {
    while (this.#shopping) {
      const attempt: Attempt = {
        key: randomUUID(),
        body: {
          items: [...new Set([any(this.#skus), any(this.#skus)])].map((sku) => ({
            sku,
            quantity: 1 + Math.floor(Math.random() * 3),
          })),
          paymentToken: any(tokens),
        },
        cancel: Math.random() < 0.25,
      };
      this.attempts.push(attempt);
      await this.#send(attempt).catch(() => void this.interrupted++);
      // Each is asked for again in the end: however long this goes on, there must not be too many of them.
      await delay(attempt.answer ? 50 : 200);
    }
  }

  stop(): void {
    this.#shopping = false;
  }

  /** Sends again what got no answer; each must get one now. */
  async insist(): Promise<void> {
    for (const attempt of this.attempts.filter(({ answer }) => !answer)) await this.#send(attempt);
  }

  /** Compares what this customer was told with what the program says now, and lists the differences. */
  async complaints(): Promise<string[]> {
    const complaints: string[] = [];
    for (const { key, body, answer } of this.attempts) {
      if (!answer) continue;
      const again = await this.#place(key, body);
      if (again.status !== answer.status || again.text !== answer.text) {
        complaints.push(`key ${key} answered ${answer.status} ${answer.text}, and now ${again.status} ${again.text}`);
      }
      if (!answer.id) continue;
      const { status } = await this.visitor.get(`/v1/orders/${answer.id}`);
      if (status !== 200) complaints.push(`order ${answer.id} was answered 201 and is ${status} now`);
    }
    return complaints;
  }

  async #send(attempt: Attempt): Promise<void> {
    const { status, text } = await this.#place(attempt.key, attempt.body);
    if (status >= 500 || (status === 409 && text.includes('idempotency'))) return;
    const id = status === 201 ? (JSON.parse(text) as { id: string }).id : undefined;
    attempt.answer = { status, text, id };
    if (id && attempt.cancel) await this.visitor.post(`/v1/orders/${id}/cancel`).catch(() => undefined);
  }

  async #place(key: string, body: unknown): Promise<{ status: number; text: string }> {
    const answer = await fetch(`${this.visitor.baseUrl}/v1/orders`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': key,
        authorization: `Bearer ${this.visitor.accessToken}`,
      },
      body: JSON.stringify(body),
    });
    return { status: answer.status, text: await answer.text() };
  }
}
