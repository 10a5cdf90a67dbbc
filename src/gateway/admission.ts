// ADR 0047
/**
 * Refuses early what could only wait. How long work has to wait for a connection, for its turn or for the event loop is
 * measured. When that stays long, the work under way is limited, and a request beyond the limit is refused. The limit is led
 * to a short wait. A limit of work needs no guess at the rate: one request comes in for each that is done (Little's law).
 */
import { platformErrors } from '#platform/errors.ts';

/** Milliseconds. */
const tick = 20;
/** Longer waits begin it, `standing` measurements in a row: more than a hiccup. */
const tolerated = 12;
const standing = 15;
/** The limit is led to this wait. An order waits many times this in all. */
const target = 3;
/** The part of the limit by which a tick changes it, for each millisecond of wait beside the target. */
const gain = 0.004;
/** How much a new measurement counts. */
const smoothing = 0.4;
/** So little under way is no overload, however long it waits: a pool alone has 10 connections. */
const least = 16;
/** Requests in work at once before anything could be measured: a burst as large takes about a second. */
const atOnce = 500;
/** Ticks without a refusal after which the limit is forgotten. */
const quiet = 50;
/** The part of a core that this process must use for its late timers to be its own doing, and not that of others on the machine. */
const busy = 0.6;
const longestRetry = 60_000;
/** Requests a second, until it is known how many are answered while some are refused. */
const firstRate = 50;

export interface AdmissionOptions {
  /** Milliseconds that work has waited for a connection to a database, or for its turn. */
  readonly queueTime: () => number;
  /** Sagas of this process that are under way or wait for their turn: what requests leave behind. */
  readonly sagas: () => number;
  /** Requests that other processes are answering. They hold no place here. */
  readonly forwarded: () => number;
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
  /** The part of the requests that is refused, of late. */
  refusing = 0;
  readonly #queueTime: () => number;
  readonly #sagas: () => number;
  readonly #forwarded: () => number;
  readonly #now: () => number;
  readonly #cpuTime: () => number;
  readonly #tell: (line: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #expected = 0;
  #used = 0;
  #delay = 0;
  /** Measurements in a row of more than is tolerated. */
  #standing = 0;
  /** Infinity while nothing has to be refused. */
  #limit = Infinity;
  /** Requests that hold a place. */
  #inFlight = 0;
  /** Requests let in since the last tick whose bodies are still being read. Later they count when they take their place. */
  #arriving = 0;
  /** Since the last tick. */
  #taken = 0;
  #refusedBefore = 0;
  #quiet = 0;
  #rate = firstRate;
  #promised = 0;
  #told = false;

  constructor({
    queueTime,
    sagas,
    forwarded,
    now = () => performance.now(),
    cpuTime = ownCpuTime,
    tell = () => {},
  }: AdmissionOptions) {
    this.#queueTime = queueTime;
    this.#sagas = sagas;
    this.#forwarded = forwarded;
    this.#now = now;
    this.#cpuTime = cpuTime;
    this.#tell = tell;
  }

  /** Decides whether to refuse the request that has just come, before anything is spent on it. One at a time always gets in. */
  isRefusalDue(): boolean {
    this.#watch();
    const here = this.#inFlight + this.#arriving;
    const requests = here + this.#forwarded();
    if (here >= atOnce || (requests > 0 && requests + this.#sagas() >= this.#limit)) return true;
    this.#arriving++;
    return false;
  }

  /** Takes a place, and returns what gives it back. Throws `platform.unavailable` where a burst has taken them all. */
  enter(): () => void {
    this.#watch();
    if (this.#inFlight >= atOnce) throw platformErrors.unavailable({ detail, retryAfter: this.refuse() });
    this.#arriving = Math.max(0, this.#arriving - 1);
    this.#inFlight++;
    this.#taken++;
    let isOver = false;
    return () => {
      if (!isOver) this.#inFlight--;
      isOver = true;
    };
  }

  /** Measures; called every `tick` milliseconds while there is something to do. */
  look(): void {
    const now = this.#now();
    const refused = this.refused - this.#refusedBefore;
    this.#delay += smoothing * (Math.max(this.#queueTime(), this.#loopDelay(now)) - this.#delay);
    this.#standing = this.#delay > tolerated ? this.#standing + 1 : 0;
    this.#quiet = refused > 0 ? 0 : this.#quiet + 1;
    if (this.#limit < Infinity) this.#lead(refused > 0);
    else if (this.#standing >= standing) this.#begin();
    if (refused > 0) this.#rate += 0.05 * (this.#taken * (1_000 / tick) - this.#rate);
    if (refused + this.#taken > 0) this.refusing += 0.1 * (refused / (refused + this.#taken) - this.refusing);
    this.#refusedBefore = this.refused;
    [this.#taken, this.#arriving] = [0, 0];
    if (this.#quiet > quiet) this.#end();
  }

  get #underWay(): number {
    return this.#inFlight + this.#forwarded() + this.#sagas();
  }

  #begin(): void {
    this.#limit = Math.max(least, this.#underWay);
    this.#quiet = 0;
  }

  /** A limit that nothing reaches says nothing about a higher one. */
  #lead(isReached: boolean): void {
    if (this.#delay > target || isReached)
      this.#limit = Math.max(least, this.#limit * Math.exp(gain * (target - this.#delay)));
  }

  #end(): void {
    [this.#limit, this.refusing] = [Infinity, 0];
    if (this.#told) this.#tell('Nothing is refused any more.');
    this.#told = false;
    if (this.#underWay === 0) this.close();
  }

  /** The event loop's own queue: how much later than asked for it comes to this. */
  #loopDelay(now: number): number {
    const used = this.#cpuTime();
    const late = now - this.#expected;
    const share = (used - this.#used) / Math.max(1, late + tick);
    [this.#used, this.#expected] = [used, now + tick];
    return share > busy ? late : 0;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    [this.#used, this.#expected] = [this.#cpuTime(), this.#now() + tick];
    [this.#delay, this.#quiet] = [0, 0];
    this.#timer = setInterval(() => this.look(), tick).unref();
  }

  /**
   * Counts a refusal, and returns after how many seconds to try again: each gets a turn of its own, one after the other, so
   * that they do not come back all at once.
   */
  refuse(): number {
    this.refused++;
    if (!this.#told) this.#tell('More is asked than can be answered: what could only wait is refused.');
    this.#told = true;
    const now = this.#now();
    this.#promised = Math.min(now + longestRetry, Math.max(now, this.#promised) + 1_000 / Math.max(1, this.#rate));
    return (this.#promised - now) / 1_000;
  }
}

/** The words of every refusal. */
export const detail = 'More is asked than can be answered right now. Try again later.';

function ownCpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
