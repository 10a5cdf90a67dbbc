import type { Handler } from '#platform/contract.ts';
import { OrdersErrors, type OrdersApi } from '../contract.ts';
import type { Catalogue } from '../domain/catalogue.ts';

export function getProduct(catalogue: Catalogue): Handler<typeof OrdersApi, 'getProduct'> {
  return async ({ sku }) => {
    const product = await catalogue.find(sku);
    if (!product) throw OrdersErrors.productNotFound();
    return product;
  };
}
