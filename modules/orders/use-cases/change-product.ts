import type { Handler } from '#platform/contract.ts';
import { OrdersErrors, type OrdersApi } from '../contract.ts';
import type { Catalogue } from '../domain/catalogue.ts';

export function changeProduct(catalogue: Catalogue): Handler<typeof OrdersApi, 'changeProduct'> {
  return async ({ sku, expectedVersion, ...changes }) => {
    const changed = await catalogue.change(sku, changes, expectedVersion);
    if (changed) return changed;
    throw (await catalogue.find(sku)) ? OrdersErrors.changedMeanwhile() : OrdersErrors.productNotFound();
  };
}
