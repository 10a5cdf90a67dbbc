/** Tells who listens of every session that this process ends, once its end is durable. */
export class SessionEndings {
  readonly #listeners = new Set<(sessionId: string) => void>();

  onEnded(listener: (sessionId: string) => void): void {
    this.#listeners.add(listener);
  }

  tell(sessionIds: readonly string[]): void {
    for (const id of sessionIds) for (const listener of this.#listeners) listener(id);
  }
}
