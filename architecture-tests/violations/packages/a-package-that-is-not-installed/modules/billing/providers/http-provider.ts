import Stripe from 'stripe';
import { request } from 'node:https';
import type { Provider } from '../domain/bills.ts';

export const httpProvider = (url: string): Provider => ({
  async send(billId) {
    request(new URL(billId, url)).end();
  },
});
