import { InMemoryTable } from '#platform/in-memory-transaction.ts';
import type { Report } from '../domain/payment-provider.ts';
import { Reports } from '../domain/reports.ts';

export class InMemoryReports extends Reports {
  readonly #received = new InMemoryTable<string, Date>();

  async add(provider: string, { id }: Report, at: Date): Promise<boolean> {
    const name = `${provider} ${id}`;
    if (this.#received.has(name)) return false;
    this.#received.set(name, at);
    return true;
  }
}
