import { Database } from '#platform/database.ts';
import { Outbox } from '#platform/outbox.ts';
import { defineModule, on, run, use } from '#platform/module.ts';
import { BillingApi } from '../billing/contract.ts';
import { PeopleApi, personLeft } from '../people/contract.ts';
import { saleClosed, SalesApi } from './contract.ts';
import { Sales } from './domain/sales.ts';
import { salesEndpoints } from './http/endpoints.ts';
import { storedSales } from './persistence/stored-sales.ts';
import { forgetBuyer } from './reactions/forget-buyer.ts';
import { Closing, closingSteps } from './sagas/closing.ts';
import { sell } from './use-cases/sell.ts';

export default defineModule('sales', {
  offers: SalesApi,
  needs: [BillingApi.bill, PeopleApi.getPerson],
  publishes: [saleClosed],
  ports(bind) {
    bind(Sales).toResolvedValue(storedSales, [Database]);
  },
  operations: { sell: use(sell, [Sales, PeopleApi.getPerson, Outbox]) },
  reactions: { 'forget-person': on(personLeft, forgetBuyer, [Sales]) },
  sagas: [run(Closing, closingSteps, [BillingApi.bill])],
  endpoints: salesEndpoints,
});
