import type { Sale } from './sale.ts';

export abstract class Sales {
  abstract add(sale: Sale): Promise<void>;
  abstract forget(buyerId: string): Promise<void>;
}
