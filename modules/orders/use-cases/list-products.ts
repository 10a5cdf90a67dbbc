import type { Handler } from '#platform/contract.ts';
import { pageOf } from '#platform/pages.ts';
import type { OrdersApi } from '../contract.ts';
import type { Catalogue } from '../domain/catalogue.ts';

export function listProducts(catalogue: Catalogue): Handler<typeof OrdersApi, 'listProducts'> {
  return async ({ cursor, limit }) =>
    pageOf(limit, await catalogue.list({ after: cursor, limit: limit + 1 }), ({ sku }) => sku);
}
