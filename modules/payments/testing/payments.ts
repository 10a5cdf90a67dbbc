/** Payments that tests start from. */
import { v4, v7 } from 'uuid';
import type { Money } from '../domain/money.ts';
import type { Intent } from '../domain/payments.ts';

export const noon = new Date('2030-01-01T12:00:00Z');
export const euros = (amount: number): Money => ({ amount, currency: 'EUR' });

export const anIntent = (fields: Partial<Intent> = {}): Intent => ({
  id: v7(),
  idempotencyKey: v4(),
  fingerprint: 'all that was asked for',
  orderId: v4(),
  customerId: v4(),
  amount: euros(5000),
  provider: 'sandbox',
  at: noon,
  ...fields,
});
