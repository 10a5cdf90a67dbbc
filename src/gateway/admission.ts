// ADR 0047
/**
 * Refuses early what could only wait. How long work has to wait for a connection, for its turn or for the event loop is
 * measured; while that stays long, a growing part of the requests is refused, so that the rest is answered as fast as ever
 * (PIE, RFC 8033: the part follows the delay and its trend). A burst that comes before anything could be measured
 * is held back by how many are taken up at once; what is held back waits for a moment only.
 */
import { type Failure, platformErrors } from '#platform/errors.ts';

/** Milliseconds. */
const tick = 20;
/** Longer waits begin it, `standing` measurements in a row: more than a hiccup. */
const tolerated = 12;
const standing = 15;
/** An order waits many times this in all. */
const target = 5;
const patience = 250;
const longestRetry = 60_000;

/** Requests taken up at once: a burst as large takes about a second. More than can wait for a password to be hashed. */
const atOnce = 400;
/** Requests that wait to be taken up. */
const mostWaiting = 100;
/** The part of a core that this process must use for its late timers to be its own doing, and not that of others on the machine. */
const busy = 0.6;
/**
 * The part of what is taken up by which a tick takes up fewer, for each millisecond above the target and for each of the trend.
 * A part of that and not of all requests: at ten times the capacity, a step is no larger for what is answered.
 */
const gain = { level: 0.004, trend: 0.024 };
/** How much a new measurement counts. */
const smoothing = 0.4;
/** The part of the requests that is taken up whatever happens: what it meets tells when refusing can end. */
const least = 0.02;
/** Requests a second, until it is known how many are answered while some are refused. */
const firstRate = 50;

interface Waiting {
  readonly since: number;
  let(isIn: boolean): void;
}

export interface AdmissionOptions {
  /** Milliseconds that work has waited for a connection to a database, or for its turn. */
  readonly queueTime: () => number;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** Milliseconds of a processor's time that this process has used. */
  readonly cpuTime?: () => number;
  /** Takes a line when refusing begins and when it is over. */
  readonly tell?: (line: string) => void;
}

export class Admission {
  /** Requests refused since the start. */
  refused = 0;
  inFlight = 0;
  readonly #queueTime: () => number;
  readonly #now: () => number;
  readonly #cpuTime: () => number;
  readonly #tell: (line: string) => void;
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #expected = 0;
  #used = 0;
  #delay = 0;
  /** Measurements in a row of more than is tolerated. */
  #standing = 0;
  #accepted = 1;
  /** Refusals due, in parts of a request: the same share of any run of requests is refused, without chance. */
  #due = 0;
  #taken = 0;
  #rate = firstRate;
  #promised = 0;
  #told = false;

  constructor({ queueTime, now = () => performance.now(), cpuTime = ownCpuTime, tell = () => {} }: AdmissionOptions) {
    this.#queueTime = queueTime;
    this.#now = now;
    this.#cpuTime = cpuTime;
    this.#tell = tell;
  }

  /** The part of the requests that is refused. */
  get refusing(): number {
    return 1 - this.#accepted;
  }

  /** Decides whether to refuse the request that has just come, before anything is spent on it. */
  isRefusalDue(): boolean {
    this.#watch();
    this.#due += this.refusing;
    if (this.#due < 1) return this.#isFull;
    this.#due -= 1;
    return true;
  }

  /** Resolves with what ends the request's stay; rejects with `platform.unavailable` when it could only wait. */
  async enter(): Promise<() => void> {
    this.#watch();
    if (this.inFlight >= atOnce || this.#waiting.length > 0) await this.#wait();
    this.inFlight++;
    this.#taken++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.inFlight--;
      this.#letIn();
    };
  }

  /** Measures; called every `tick` milliseconds while there is something to do. */
  look(): void {
    const now = this.#now();
    const delay = Math.max(this.#queueTime(), this.#loopDelay(now));
    this.#follow(this.#delay + smoothing * (delay - this.#delay));
    while (this.#waiting[0] !== undefined && now - this.#waiting[0].since > patience) this.#waiting.shift()!.let(false);
    this.#letIn();
    if (this.inFlight === 0 && this.#waiting.length === 0 && this.refusing === 0) this.close();
  }

  /** The event loop's own queue: how much later than asked for it comes to this. */
  #loopDelay(now: number): number {
    const used = this.#cpuTime();
    const share = (used - this.#used) / Math.max(1, now - this.#expected + tick);
    const late = now - this.#expected;
    [this.#used, this.#expected] = [used, now + tick];
    return share > busy ? late : 0;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #follow(delay: number): void {
    this.#standing = delay > tolerated ? this.#standing + 1 : 0;
    const fewer = gain.level * (delay - target) + gain.trend * (delay - this.#delay);
    if (this.refusing > 0 || this.#standing >= standing)
      this.#accepted = Math.min(1, Math.max(least, this.#accepted * Math.exp(-fewer)));
    this.#delay = delay;
    if (this.refusing > 0 || this.#waiting.length > 0) this.#rate += 0.05 * (this.#taken * (1_000 / tick) - this.#rate);
    this.#taken = 0;
    if (this.#told && this.refusing === 0 && this.#waiting.length === 0) {
      this.#told = false;
      this.#tell('Nothing is refused any more.');
    }
  }

  get #isFull(): boolean {
    return this.#waiting.length >= mostWaiting;
  }

  async #wait(): Promise<void> {
    if (this.#isFull) throw this.refusal();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ since: this.#now(), let: (isIn) => (isIn ? resolve() : reject(this.refusal())) });
    return promise;
  }

  #letIn(): void {
    while (this.#waiting.length > 0 && this.inFlight < atOnce) this.#waiting.shift()!.let(true);
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    [this.#used, this.#expected] = [this.#cpuTime(), this.#now() + tick];
    this.#delay = 0;
    this.#timer = setInterval(() => this.look(), tick).unref();
  }

  /** Counts a refusal. Each gets a turn of its own to come back, one after the other, so that they do not come all at once. */
  refusal(): Failure {
    this.refused++;
    if (!this.#told) this.#tell('More is asked than can be answered: what could only wait is refused.');
    this.#told = true;
    const now = this.#now();
    this.#promised = Math.min(now + longestRetry, Math.max(now, this.#promised) + 1_000 / Math.max(1, this.#rate));
    return platformErrors.unavailable({
      detail: 'More is asked than can be answered right now. Try again later.',
      retryAfter: (this.#promised - now) / 1_000,
    });
  }
}

function ownCpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
