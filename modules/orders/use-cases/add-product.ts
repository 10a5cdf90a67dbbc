import type { Handler } from '#platform/contract.ts';
import { OrdersErrors, type OrdersApi } from '../contract.ts';
import type { Catalogue } from '../domain/catalogue.ts';

export function addProduct(catalogue: Catalogue): Handler<typeof OrdersApi, 'addProduct'> {
  return async (product) => {
    const added = await catalogue.add(product);
    if (!added) throw OrdersErrors.skuTaken(`There is a product ${product.sku} already.`);
    return added;
  };
}
