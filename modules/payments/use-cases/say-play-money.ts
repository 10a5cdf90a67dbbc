import type { StartContext } from '#platform/module.ts';
import type { PaymentsSettings } from '../settings.ts';

/** Tells the person who starts a shop for real that nobody pays in it. */
export const sayPlayMoney =
  ({ NODE_ENV, PAYMENT_PROVIDER }: PaymentsSettings) =>
  async ({ announce }: StartContext): Promise<void> => {
    if (NODE_ENV !== 'production' || PAYMENT_PROVIDER !== 'sandbox') return;
    announce('Weak setting: PAYMENT_PROVIDER=sandbox: customers pay with play money. Set it to stripe.');
  };
