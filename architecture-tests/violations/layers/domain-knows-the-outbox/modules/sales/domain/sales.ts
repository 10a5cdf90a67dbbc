import type { Outbox } from '#platform/outbox.ts';
import type { Sale } from './sale.ts';

export abstract class Sales {
  abstract add(sale: Sale, announce: (outbox: Outbox) => void): Promise<void>;
  abstract forget(buyerId: string): Promise<void>;
}
