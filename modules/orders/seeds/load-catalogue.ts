import { backgroundContext } from '#platform/context.ts';
import type { Handler } from '#platform/contract.ts';
import { Failure, platformErrors } from '#platform/errors.ts';
import type { StartContext } from '#platform/module.ts';
import { OrdersErrors, type OrdersApi } from '../contract.ts';
import { demoProducts } from './demo-products.ts';

const catalogues = new Map([['demo', demoProducts]]);
const patience = 30_000;

/** Fills an empty shop with the catalogue that `SEED` names. */
export function loadCatalogue(addProduct: Handler<typeof OrdersApi, 'addProduct'>) {
  return async ({ seed, firstStart, announce }: StartContext): Promise<void> => {
    if (seed === undefined) return;
    const products = catalogues.get(seed);
    if (!products) {
      const known = [...catalogues.keys(), 'none'].join(', ');
      throw platformErrors.invalidRequest(`SEED names the catalogue "${seed}", which does not exist. There are: ${known}.`);
    }
    if (!firstStart) return;

    const context = backgroundContext('orders.load-catalogue', patience);
    for (const product of products) await addProduct(product, context).catch(unlessThere);
    announce(`The ${seed} catalogue is loaded: ${products.length} products.`);
  };
}

/** A first start that was cut short has left some of them. */
function unlessThere(error: unknown): void {
  if (!(error instanceof Failure) || error.code !== OrdersErrors.skuTaken.code) throw error;
}
