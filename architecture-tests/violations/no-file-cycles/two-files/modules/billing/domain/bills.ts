import type { Bill } from './bill.ts';
export interface Provider {
  send(billId: string): Promise<void>;
}

export abstract class Bills {
  abstract add(id: string): Promise<void>;
  abstract close(saleId: string): Promise<string>;
}
