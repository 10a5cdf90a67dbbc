import { describe } from 'vitest';
import { catalogueSuite } from './catalogue.suite.ts';
import { ordersSuite } from './orders.suite.ts';
import { inMemoryShop } from './shop.ts';

describe('in memory', () => {
  const shop = inMemoryShop();
  catalogueSuite(() => shop.catalogue);
  ordersSuite(() => shop);
});
