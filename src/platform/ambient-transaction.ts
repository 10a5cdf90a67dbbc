// ADR 0009
import { AsyncLocalStorage } from 'node:async_hooks';

/** The transaction around the work under way, whichever module's database it belongs to. */
export interface AmbientTransaction {
  /** False once its outcome is decided: work that was started in it and outlives it still sees it here. */
  readonly open: boolean;
  /** The one of another database around it. */
  readonly outer: AmbientTransaction | undefined;
}

export const ambientTransaction = new AsyncLocalStorage<AmbientTransaction>();
