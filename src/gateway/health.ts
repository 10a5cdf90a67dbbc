/** Probes: the program lives, and it can be sent requests. */
import type { RequestHandler, Response } from 'express';
import { Failure } from '#platform/errors.ts';
import type { Logger } from '#platform/logger.ts';
import { orFail, within } from '#runtime/within.ts';

/** Resolves when what it looks at works; rejects with the reason. It is given a second. */
export type HealthCheck = () => Promise<unknown>;

interface CheckResult {
  readonly name: string;
  readonly status: 'ok' | 'failed';
  readonly milliseconds: number;
  readonly reason?: string;
}

interface Findings {
  readonly checks: readonly CheckResult[];
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

const patience = 1_000;

export class Health {
  readonly #checks: Readonly<Record<string, HealthCheck>>;
  readonly #details: Readonly<Record<string, () => unknown>>;
  readonly #logger: Logger;
  readonly #failing = new Set<string>();
  #draining = false;
  #looking: Promise<Findings> | undefined;

  /** `details` are told along with the checks; whatever they are, the program is no less ready for it. */
  constructor(
    checks: Readonly<Record<string, HealthCheck>>,
    details: Readonly<Record<string, () => unknown>>,
    logger: Logger,
  ) {
    this.#checks = checks;
    this.#details = details;
    this.#logger = logger;
  }

  /** From now on not ready: no new requests, please. */
  drain(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  readonly live: RequestHandler = (_request, response) => tell(response, 200, { status: 'ok' });

  readonly ready: RequestHandler = async (_request, response) => {
    if (this.#draining) return tell(response, 503, { status: 'draining', checks: [] });
    // However many ask, each check runs once at a time.
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    const { checks, details } = await this.#looking;
    const ready = checks.every(({ status }) => status === 'ok');
    tell(response, ready ? 200 : 503, { status: ready ? 'ok' : 'failed', checks, details });
  };

  async #look(): Promise<Findings> {
    const [checks, details] = await Promise.all([
      Promise.all(Object.entries(this.#checks).map(([name, check]) => this.#run(name, check))),
      Promise.all(Object.entries(this.#details).map(async ([name, tell]) => [name, await told(tell)] as const)),
    ]);
    return { checks, details: details.length === 0 ? undefined : Object.fromEntries(details) };
  }

  async #run(name: string, check: HealthCheck): Promise<CheckResult> {
    const startedAt = performance.now();
    const taken = () => Math.round(performance.now() - startedAt);
    try {
      await withinPatience(check());
      if (this.#failing.delete(name)) this.#logger.info(`The check "${name}" passes again.`);
      return { name, status: 'ok', milliseconds: taken() };
    } catch (error) {
      if (!this.#failing.has(name)) this.#logger.warn(`The check "${name}" fails.`, { error });
      this.#failing.add(name);
      return { name, status: 'failed', milliseconds: taken(), reason: publicReason(error) };
    }
  }
}

/** A detail that fails never affects readiness. */
async function told(tell: () => unknown): Promise<unknown> {
  try {
    return await withinPatience(Promise.resolve(tell()));
  } catch {
    return 'unknown';
  }
}

const withinPatience = (work: Promise<unknown>): Promise<unknown> =>
  within(
    patience,
    work,
    orFail(() => new Failure('platform.too-slow', 'unavailable', `No answer within ${patience} ms.`)),
  );

/** Anyone can ask, so: nothing of messages that may name machines and users. */
const publicReason = (error: unknown): string =>
  error instanceof Failure
    ? error.message
    : String((error as { code?: unknown } | null)?.code ?? 'It does not work; the log says why.');

const tell = (response: Response, status: number, body: unknown): void => {
  response.status(status).set('Cache-Control', 'no-store').json(body);
};
