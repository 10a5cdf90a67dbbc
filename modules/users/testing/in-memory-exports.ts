import { exportPatience, Exports } from '../domain/exports.ts';

export class InMemoryExports extends Exports {
  readonly #held = new Map<string, { exportId: string; expiresAt: number }>();
  /** Milliseconds. */
  now = 0;

  async begin(userId: string, exportId: string) {
    const held = this.#held.get(userId);
    if (held && held.expiresAt > this.now) return { waitFor: Math.ceil((held.expiresAt - this.now) / 1000) };
    this.#held.set(userId, { exportId, expiresAt: this.now + exportPatience * 1000 });
    return undefined;
  }

  async goOn(userId: string, exportId: string) {
    if (this.#held.get(userId)?.exportId !== exportId) return false;
    this.#held.set(userId, { exportId, expiresAt: this.now + exportPatience * 1000 });
    return true;
  }

  async end(userId: string, exportId: string) {
    if (this.#held.get(userId)?.exportId === exportId) this.#held.delete(userId);
  }
}
