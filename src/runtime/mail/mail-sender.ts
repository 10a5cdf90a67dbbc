// ADR 0110
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInContext } from '#platform/context.ts';
import type { Database } from '#platform/database.ts';
import type { Logger } from '#platform/logger.ts';
import type { Compose, MailDefinition } from '#platform/mail.ts';
import { fullJitter } from '../background/backoff.ts';
import { contextOf, placeOf } from '../background/headers.ts';
import { KeyedWork } from '../background/keyed-work.ts';
import { nobody, type Ownership } from '../background/ownership.ts';
import { errorTypeOf } from '../observability/error-type.ts';
import type { Metrics } from '../observability/metrics.ts';
import { spanOf, type SpanStart, type Tracing } from '../observability/spans.ts';
import { orFail, within } from '../within.ts';
import type { MailEnd, MailRecord, MailTable } from './mail-table.ts';
import { type Letter, type Postman, Undeliverable } from './postman.ts';

export interface ComposedMail {
  readonly mail: MailDefinition;
  readonly compose: () => Compose<never>;
}

/** Times in milliseconds. */
export interface MailLimits {
  /** Sent at once. */
  readonly mails: number;
  /** One try, from composing to the server's answer. */
  readonly mailTimeout: number;
  readonly firstPause: number;
  /** Between two tries of a mail. */
  readonly longestMailPause: number;
  readonly sweep: number;
}

/** In memory for each one that is being sent; what is more waits in the table. */
const queuedForEach = 16;
/** A person's mails take at most one place in so many. */
const keysAtOnce = 4;

interface Tools {
  readonly database: Database;
  readonly table: MailTable;
  readonly ownership: Ownership;
  readonly postman: Postman | undefined;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'mailTries' | 'mailEnded'>;
  readonly tracing: Tracing | undefined;
}

/**
 * Sends the mails of a module: straight after the commit those that were just added, and by sweeping those that nobody
 * alive sends. A mail can go out twice, when the server's answer or our own note of it is lost; its Message-ID is the same.
 */
export class MailSender {
  readonly #tools: Tools;
  readonly #limits: MailLimits;
  readonly #composers: ReadonlyMap<string, () => Compose<never>>;
  readonly #work: KeyedWork;
  /** In memory: being sent, or queued. */
  readonly #mine = new Set<string>();
  readonly #detached = AsyncLocalStorage.snapshot();
  readonly #stopping = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** There is more in the table than was taken into memory. */
  #behind = false;
  #open = false;

  constructor(mails: readonly ComposedMail[], tools: Tools, limits: MailLimits) {
    this.#tools = tools;
    this.#limits = limits;
    this.#composers = new Map(mails.map(({ mail, compose }) => [mail.name, compose]));
    this.#work = new KeyedWork(limits.mails, Math.ceil(limits.mails / keysAtOnce));
    for (const { mail } of mails) tools.metrics.mailEnded(mail.name);
  }

  /** Throws for a kind of mail that nothing composes. */
  requireKnown(name: string): void {
    if (!this.#composers.has(name)) throw new Error(`The mail ${name} is not among the mails of this module.`);
  }

  /** The owner under which new mails are stored: nobody if there are enough in memory. */
  ownerOfNew(): number {
    if (this.#open && this.#mine.size < this.#limits.mails * queuedForEach) return this.#tools.ownership.owner;
    this.#behind = true;
    return nobody;
  }

  /** They were stored just now, under this owner. */
  added(mails: readonly MailRecord[], owner: number): void {
    if (owner !== nobody) this.#take(mails, owner);
  }

  async open(): Promise<void> {
    if (this.#composers.size === 0 || !this.#tools.postman) return;
    this.#open = true;
    this.#work.open();
  }

  async sweep(): Promise<void> {
    const { ownership, table } = this.#tools;
    const { owner } = ownership;
    const limit = this.#limits.mails * queuedForEach - this.#mine.size;
    if (!this.#open || owner === nobody || limit <= 0) return;
    this.#behind = false;
    const claimed = await table.claim(owner, [...this.#composers.keys()], [...this.#mine], limit);
    this.#behind ||= claimed.length === limit;
    this.#take(claimed, owner);
  }

  /** Begins nothing more; resolves when those under way are done. */
  async drain(): Promise<void> {
    this.#close();
    await this.#work.idle();
  }

  stop(): void {
    this.#close();
    this.#stopping.abort();
  }

  #close(): void {
    this.#open = false;
    this.#work.close();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #take(mails: readonly MailRecord[], owner: number): void {
    for (const mail of mails) {
      if (!this.#open || this.#mine.has(mail.id)) continue;
      this.#mine.add(mail.id);
      const release = () => void this.#mine.delete(mail.id);
      const run = () => this.#detached(() => this.#send(mail, owner)).finally(() => this.#release(mail));
      this.#work.add(mail.key, mail.id, { run, drop: release });
    }
  }

  #release({ id }: MailRecord): void {
    this.#mine.delete(id);
    if (this.#behind && this.#mine.size <= this.#limits.mails) this.#sweepNow();
  }

  async #send(mail: MailRecord, owner: number): Promise<void> {
    const { tracing, metrics } = this.#tools;
    const place = placeOf(mail.headers);
    const trace = tracing ? tracing.enter(sendSpan(mail), place) : place;
    const context = contextOf(mail.headers, this.#limits.mailTimeout, trace);
    const span = spanOf(trace);
    const started = performance.now();
    let failure = '';
    try {
      await runInContext(context, () => this.#try(mail, owner));
    } catch (error) {
      failure = errorTypeOf(error);
      span?.fail({ code: failure });
      await this.#failed(mail, owner, error);
    } finally {
      metrics.mailTries(mail.name).finished(failure, performance.now() - started, span);
      span?.end();
    }
  }

  async #try(mail: MailRecord, owner: number): Promise<void> {
    const { table, postman } = this.#tools;
    const begun = await table.begin(mail.id, owner);
    if (begun === 'gone') return;
    if (begun === 'too late') return this.#end(mail, owner, 'expired');
    const letter = await this.#compose(mail);
    if (!letter) return;
    const answer = await within(
      this.#limits.mailTimeout,
      postman!.deliver(letter),
      orFail(() => Object.assign(new Error('The server took too long and is not waited for.'), { code: 'timeout' })),
    );
    await this.#end(mail, owner, 'sent', answer);
  }

  /** The hash of the message's code is durable before the message leaves. */
  #compose({ id, name, data }: MailRecord): Promise<Letter | undefined> {
    const { database, table } = this.#tools;
    return database.transaction(async () => {
      const message = await this.#composers.get(name)!()(data as never);
      if (!message) return void (await table.drop(id));
      const { key, ...composed } = message;
      await table.address(id, composed.to, key);
      return { id, name, ...composed };
    });
  }

  async #failed(mail: MailRecord, owner: number, error: unknown): Promise<void> {
    const { logger, table } = this.#tools;
    const fields = { mail: mail.name, id: mail.id, attempts: mail.attempts + 1, code: errorTypeOf(error) };
    const note = noteOf(error);
    if (error instanceof Undeliverable) {
      // The note may name the recipient; the log does not.
      logger.warn('A mail was refused and is not sent. The command `mails` shows why.', fields);
      return this.#end(mail, owner, 'refused', note);
    }
    logger.warn('A mail could not be sent yet; it will be tried again.', fields);
    const { firstPause, longestMailPause } = this.#limits;
    const pause = fullJitter(mail.attempts + 1, firstPause, longestMailPause);
    await this.#save(mail, () => table.postpone(mail.id, owner, note, pause));
    this.#wakeAfter(pause);
  }

  async #end(mail: MailRecord, owner: number, end: MailEnd, note?: string): Promise<void> {
    const { table, metrics, logger } = this.#tools;
    if (end === 'expired') logger.warn('A mail could not be sent in time.', { mail: mail.name, id: mail.id });
    await this.#save(mail, () => table.end(mail.id, owner, end, note));
    metrics.mailEnded(mail.name).finished(end, Date.now() - mail.addedAt);
  }

  /** Until it is stored that a mail was sent, the next instance would send it again. */
  async #save({ name, id }: MailRecord, save: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await save();
      } catch (error) {
        this.#tools.logger.warn('What became of a mail could not be stored yet.', { error, mail: name, id });
        await sleep(fullJitter(attempt, 200, 5_000), undefined, { signal: this.#stopping.signal }).catch(() => {});
        if (this.#stopping.signal.aborted) return;
      }
    }
  }

  /** Longer pauses are the regular sweep's. */
  #wakeAfter(pause: number): void {
    if (!this.#open || pause > this.#limits.sweep) return;
    const wake = () => {
      this.#timers.delete(timer);
      this.#sweepNow();
    };
    const timer = this.#detached(() => setTimeout(wake, pause + 2));
    this.#timers.add(timer);
  }

  /** If the database is away, the next regular sweep finds what this one would have. */
  #sweepNow(): void {
    this.#detached(() => void this.sweep().catch(() => {}));
  }
}

const sendSpan = ({ name, id, attempts }: MailRecord): SpanStart => ({
  name: `send ${name}`,
  kind: 'producer',
  attributes: { 'fissile.mail': name, 'fissile.mail.id': id, 'fissile.attempt': attempts + 1 },
});

/** In one line, for the person who looks at the mail. */
const noteOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').slice(0, 500);
