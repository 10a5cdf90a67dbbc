/** Asks for a few things again and again while something is broken, and says what failed for how long. */
import { setTimeout as delay } from 'node:timers/promises';
import { customer, type Visitor } from '../acceptance/client.ts';

interface Asked {
  readonly what: string;
  /** Milliseconds since the watch began, and how long it took. */
  readonly at: number;
  readonly took: number;
  /** `ok`, `unpaid` after the time that was given, the status, or `no answer`. */
  readonly outcome: string;
  readonly retryAfter: boolean;
}

const pause = 60;
const patience = 20_000;

export class Watch {
  readonly #visitor: Visitor;
  readonly #asked: Asked[] = [];
  readonly #begun = performance.now();
  readonly #rows: string[] = [];
  #watching = true;
  #loops: Promise<unknown> = Promise.resolve();
  #since = 0;

  private constructor(visitor: Visitor) {
    this.#visitor = visitor;
  }

  /** `sku` has plenty in stock. */
  static async begin(url: string, sku: string): Promise<Watch> {
    const watch = new Watch(await customer(url));
    const order = JSON.stringify({ items: [{ sku, quantity: 1 }], paymentToken: 'tok_visa' });
    watch.#loops = Promise.all([
      watch.#ask('look at a product', `/v1/products/${sku}`),
      watch.#ask('see my profile', '/v1/users/me'),
      watch.#ask('pay an order', '/v1/orders', {
        method: 'POST',
        body: order,
        headers: { prefer: 'wait=6', 'content-type': 'application/json' },
      }),
    ]);
    return watch;
  }

  async end(): Promise<void> {
    this.#watching = false;
    await this.#loops;
  }

  /** Resolves when all that is asked for has worked for a second, three times at least, at most `limit` milliseconds from now. */
  async untilWell(limit = 120_000): Promise<void> {
    const from = this.#now();
    for (const deadline = from + limit; this.#now() < deadline; await delay(50)) {
      const asked = this.#asked.filter(({ at }) => at > from);
      const kinds = Object.values(Object.groupBy(asked, ({ what }) => what));
      const lastThree = kinds.flatMap((each = []) => each.slice(-3));
      const recent = asked.filter(({ at }) => at > this.#now() - 1_000);
      if (
        this.#now() - from > 1_000 &&
        lastThree.length === 9 &&
        [...lastThree, ...recent].every(({ outcome }) => outcome === 'ok')
      )
        return;
    }
    throw new Error(
      `It is not well after ${limit} ms:\n${this.#asked
        .slice(-20)
        .map((each) => JSON.stringify(each))
        .join('\n')}`,
    );
  }

  /** From now on, until the next fault. */
  fault(name: string): void {
    this.#since = this.#now();
    this.#rows.push(`${name}`);
  }

  /** The requests since the fault began. */
  since(): Readonly<Record<string, readonly Asked[]>> {
    const asked = this.#asked.filter(({ at }) => at >= this.#since);
    return Object.fromEntries(
      [...new Set(this.#asked.map(({ what }) => what))].map((what) => [
        what,
        asked.filter((each) => each.what === what),
      ]),
    );
  }

  /** Adds what came of the fault to the table. */
  note(): void {
    for (const [what, asked] of Object.entries(this.since())) {
      const failures = asked.filter(({ outcome }) => outcome !== 'ok');
      const counts = new Map<string, number>();
      for (const { outcome } of failures) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      const [first, last] = [failures[0], failures.at(-1)];
      const failedFor = first && last ? `${((last.at + last.took - first.at) / 1000).toFixed(1)} s` : '-';
      const slowest = Math.max(0, ...asked.filter(({ outcome }) => outcome === 'ok').map(({ took }) => took));
      const seconds = Math.floor((this.#now() - this.#since) / 1000);
      const perSecond = Array.from({ length: seconds }, (_, second) => {
        const then = asked.filter(({ at }) => Math.floor((at - this.#since) / 1000) === second);
        const failed = then.filter(({ outcome }) => outcome !== 'ok').length;
        return failed === 0 ? `${then.length}` : `${then.length - failed}-${failed}`;
      });
      this.#rows.push(
        `  ${what.padEnd(18)} ${String(asked.length - failures.length).padStart(5)} ok  ${`${[...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'none'} failed`.padEnd(28)}` +
          ` for ${failedFor.padStart(6)}   slowest ${Math.round(slowest)} ms   each second: ${perSecond.join(' ')}`,
      );
    }
  }

  /** The table of all faults; `8-2` is a second in which eight requests worked and two did not. */
  table(): string {
    return this.#rows.join('\n');
  }

  #now(): number {
    return performance.now() - this.#begun;
  }

  async #ask(what: string, path: string, init: RequestInit = {}): Promise<void> {
    while (this.#watching) {
      const at = this.#now();
      const headers = { ...init.headers, authorization: `Bearer ${this.#visitor.accessToken}` };
      const { outcome, retryAfter } = await fetch(this.#visitor.baseUrl + path, {
        ...init,
        headers,
        signal: AbortSignal.timeout(patience),
      }).then(
        async (answer) => ({
          outcome: outcomeOf(answer, await answer.text()),
          retryAfter: answer.headers.has('retry-after'),
        }),
        () => ({ outcome: 'no answer', retryAfter: false }),
      );
      this.#asked.push({ what, at, took: this.#now() - at, outcome, retryAfter });
      await delay(pause);
    }
  }
}

/** An order that was taken is well once it is paid. */
function outcomeOf({ ok, status }: Response, text: string): string {
  if (!ok) return String(status);
  return (JSON.parse(text) as { status?: string }).status === 'pending' ? 'unpaid' : 'ok';
}
