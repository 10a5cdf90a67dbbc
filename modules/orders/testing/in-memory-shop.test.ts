import { describe } from 'vitest';
import { catalogueSuite } from './catalogue.suite.ts';
import { orderRepositorySuite } from './order-repository.suite.ts';
import { inMemoryShop } from './shop.ts';

describe('in memory', () => {
  const shop = inMemoryShop();
  catalogueSuite(() => shop.catalogue);
  orderRepositorySuite(() => shop);
});
