import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Transaction } from '#platform/transaction.ts';
import { OrdersErrors, type OrdersApi } from '../contract.ts';
import type { Catalogue } from '../domain/catalogue.ts';

export function addProduct(
  transaction: Transaction,
  catalogue: Catalogue,
  audit: Audit,
): Handler<typeof OrdersApi, 'addProduct'> {
  const recorded = recordedActs(transaction, audit);
  return (product) =>
    recorded({ act: 'orders.add-product', target: product.sku }, async () => {
      const added = await catalogue.add(product);
      if (!added) throw OrdersErrors.skuTaken(`There is a product ${product.sku} already.`);
      return added;
    });
}
