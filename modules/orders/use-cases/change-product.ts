import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Transaction } from '#platform/transaction.ts';
import { OrdersErrors, type OrdersApi } from '../contract.ts';
import type { Catalogue } from '../domain/catalogue.ts';

export function changeProduct(
  transaction: Transaction,
  catalogue: Catalogue,
  audit: Audit,
): Handler<typeof OrdersApi, 'changeProduct'> {
  const recorded = recordedActs(transaction, audit);
  return ({ sku, expectedVersion, ...changes }) => {
    const { stock } = changes;
    const details = { changed: Object.keys(changes), ...(stock !== undefined && { stock }) };
    return recorded({ act: 'orders.change-product', target: sku, details }, async () => {
      const changed = await catalogue.change(sku, changes, expectedVersion);
      if (changed) return changed;
      throw (await catalogue.find(sku)) ? OrdersErrors.changedMeanwhile() : OrdersErrors.productNotFound();
    });
  };
}
