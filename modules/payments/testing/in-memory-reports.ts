import type { Report } from '../domain/payment-provider.ts';
import { Reports } from '../domain/reports.ts';

export class InMemoryReports extends Reports {
  readonly received = new Set<string>();

  async once(provider: string, { id }: Report, _at: Date, effect: () => Promise<void>): Promise<void> {
    const name = `${provider} ${id}`;
    if (this.received.has(name)) return;
    await effect();
    this.received.add(name);
  }
}
