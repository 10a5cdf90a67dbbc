import { platformErrors } from '#platform/errors.ts';
import type { StartContext } from '#platform/module.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import { demoProducts } from './demo-products.ts';

const catalogues = new Map([['demo', demoProducts]]);

/** Fills an empty shop with the catalogue that `SEED` names. */
export function loadCatalogue(catalogue: Catalogue) {
  return async ({ seed, announce }: StartContext): Promise<void> => {
    if (seed === undefined) return;
    const products = catalogues.get(seed);
    if (!products) {
      const known = [...catalogues.keys(), 'none'].join(', ');
      throw platformErrors.invalidRequest(
        `SEED names the catalogue "${seed}", which does not exist. There are: ${known}.`,
      );
    }
    if (await catalogue.addFirst(products)) announce(`The ${seed} catalogue is loaded: ${products.length} products.`);
  };
}
