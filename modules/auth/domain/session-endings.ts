type Listener = (sessionId: string) => void;

/** Tells who listens of every session that this process ends, once its end is durable. */
export class SessionEndings {
  readonly #ended = new Set<Listener>();
  readonly #doubted = new Set<Listener>();

  onEnded(listener: Listener): void {
    this.#ended.add(listener);
  }

  /** Calls `listener` with every session that goes on and of which what is remembered may be wrong: the roles of its person. */
  onDoubted(listener: Listener): void {
    this.#doubted.add(listener);
  }

  tell(sessionIds: readonly string[]): void {
    for (const id of sessionIds) for (const listener of this.#ended) listener(id);
  }

  tellDoubted(sessionIds: readonly string[]): void {
    for (const id of sessionIds) for (const listener of this.#doubted) listener(id);
  }
}
