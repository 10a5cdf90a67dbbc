/** An answer as it goes over the wire. */
export interface SentAnswer {
  readonly status: number;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  readonly body: string | Buffer | undefined;
}

/** One that can be kept for an idempotency key. */
export interface RenderedAnswer extends SentAnswer {
  readonly body: string | undefined;
}
