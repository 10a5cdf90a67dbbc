import type { Report } from './payment-provider.ts';

/** Which reports of providers have been received. */
export abstract class Reports {
  /** Runs `effect` in a transaction that remembers the report, unless it has been received before. */
  abstract once(provider: string, report: Report, at: Date, effect: () => Promise<void>): Promise<void>;
}
