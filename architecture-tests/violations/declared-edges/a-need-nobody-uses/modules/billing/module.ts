import { Database } from '#platform/database.ts';
import { Outbox } from '#platform/outbox.ts';
import { defineModule, on, use } from '#platform/module.ts';
import { PeopleApi } from '../people/contract.ts';
import { saleClosed } from '../sales/contract.ts';
import { billPaid, BillingApi } from './contract.ts';
import { Bills } from './domain/bills.ts';
import { billingEndpoints } from './http/endpoints.ts';
import { storedBills } from './persistence/stored-bills.ts';
import { httpProvider } from './providers/http-provider.ts';
import { closeBill } from './reactions/close-bill.ts';
import { bill } from './use-cases/bill.ts';

export default defineModule('billing', {
  offers: BillingApi,
  needs: [PeopleApi.getPerson],
  publishes: [billPaid],
  ports(bind) {
    bind(Bills).toResolvedValue(storedBills, [Database]);
  },
  operations: { bill: use(bill, [Bills, httpProvider]) },
  reactions: { 'close-bill': on(saleClosed, closeBill, [Bills, Outbox]) },
  endpoints: billingEndpoints,
});
