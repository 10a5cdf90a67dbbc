import { AsyncLocalStorage } from 'node:async_hooks';

/** The transaction around the work under way, whichever module's database it belongs to. */
export const openTransaction = new AsyncLocalStorage<object>();
