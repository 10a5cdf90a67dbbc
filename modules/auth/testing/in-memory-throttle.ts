import type { Clock } from '#platform/clock.ts';
import { type Level, type Limit, lowered, raised, Throttle } from '../domain/throttle.ts';

const keyOf = ({ scope, subject, from }: Limit) => JSON.stringify([scope, subject, from]);

export class InMemoryThrottle extends Throttle {
  readonly #levels = new Map<string, Level & { limit: Limit }>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  async reserve(limits: readonly Limit[]) {
    const delay = Math.max(0, ...limits.map((limit) => (limit.blocks === false ? 0 : this.#remaining(limit))));
    if (delay > 0) return delay;
    for (const limit of limits) {
      const level = raised(this.#levels.get(keyOf(limit)), limit.pace, this.#clock.now());
      this.#levels.set(keyOf(limit), { ...level, limit });
    }
    return 0;
  }

  async giveBack(limits: readonly Limit[]) {
    for (const limit of limits) {
      const level = this.#levels.get(keyOf(limit));
      if (level) this.#levels.set(keyOf(limit), { ...lowered(level, limit.pace), limit });
    }
  }

  async delay(limits: readonly Limit[]) {
    return Math.max(0, ...limits.map((limit) => this.#remaining(limit)));
  }

  async clear(limit: Limit) {
    this.#levels.delete(keyOf(limit));
  }

  async forget(subjects: readonly string[]) {
    for (const [key, { limit }] of this.#levels) if (subjects.includes(limit.subject)) this.#levels.delete(key);
  }

  async prune() {
    const now = this.#clock.now();
    for (const [key, { forgetAt }] of this.#levels) if (forgetAt <= now) this.#levels.delete(key);
  }

  #remaining(limit: Limit): number {
    const level = this.#levels.get(keyOf(limit));
    return level ? Math.max(0, level.blockedUntil.getTime() - this.#clock.now().getTime()) : 0;
  }
}
