import type { Report } from './payment-provider.ts';

/** The reports of providers that have been received. */
export abstract class Reports {
  /** Resolves to false where the report has been received before. */
  abstract add(provider: string, report: Report, at: Date): Promise<boolean>;
}
