import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { api, query } from '#platform/contract.ts';
import { use } from '#platform/module.ts';
import { ModuleContainer } from './container.ts';

const LibraryApi = api('library', {
  find: query(1, { input: z.object({}), output: z.object({ title: z.string() }), errors: [] }),
});
const ShopSettings = z.object({ SHOP_NAME: z.string() });
abstract class Shelf {
  abstract readonly title: string;
}
abstract class Window {
  abstract readonly shows: string;
}
const emma: Shelf = { title: 'Emma' };
const dressed = (shelf: Shelf): Window => ({ shows: shelf.title });

describe("a module's container", () => {
  it('resolves ports, settings and calls of other modules', async () => {
    const shop = new ModuleContainer('shop');
    shop.bind(Shelf).toConstantValue(emma);
    shop.provide(ShopSettings, () => ({ SHOP_NAME: 'Highbury' }));
    shop.provide(LibraryApi.find, () => async () => ({ title: 'Emma' }));
    const all = use(
      (shelf, { SHOP_NAME }, find) =>
        async () => [shelf.title, SHOP_NAME, (await find({})).title],
      [Shelf, ShopSettings, LibraryApi.find],
    );
    await expect(shop.make(all)()).resolves.toEqual(['Emma', 'Highbury', 'Emma']);
  });

  it('makes one of each', () => {
    const shop = new ModuleContainer('shop');
    shop.bind(Shelf).toConstantValue(emma);
    shop.bind(Window).toResolvedValue(dressed, [Shelf]);
    expect(shop.get(Window)).toBe(shop.get(Window));
  });

  it('knows nothing of what another module bound', () => {
    const [library, shop] = [new ModuleContainer('library'), new ModuleContainer('shop')];
    library.bind(Shelf).toConstantValue(emma);
    expect(shop.has(Shelf)).toBe(false);
    expect(() => shop.get(Shelf)).toThrow('Shelf');
  });

  it.each([
    [
      'a port',
      use(dressed, [Shelf]),
      'asks for Shelf, a port that nothing binds. Bind it in `ports` of modules/shop/module.ts.',
    ],
    [
      'a port of a port',
      use((window) => window, [Window]),
      'asks for Window, which asks for Shelf, a port that nothing binds.',
    ],
    [
      'an operation',
      use((find) => find, [LibraryApi.find]),
      'asks for library.find, an operation that it does not need. Add it to `needs` of',
    ],
    [
      'settings',
      use((settings) => settings, [ShopSettings]),
      'asks for settings, and they are not the `settings` of modules/shop/module.ts.',
    ],
  ])('says who asks for %s that is missing, and where it belongs', (_, provided, message) => {
    const shop = new ModuleContainer('shop');
    shop.bind(Window).toResolvedValue(dressed, [Shelf]);
    expect(() => shop.check('the reaction show', provided)).toThrow(`Module shop: the reaction show ${message}`);
    shop.bind(Shelf).toConstantValue(emma);
    shop.provide(ShopSettings, () => ({ SHOP_NAME: 'Highbury' }));
    shop.provide(LibraryApi.find, () => async () => ({ title: 'Emma' }));
    expect(() => shop.check('the reaction show', provided)).not.toThrow();
  });
});
