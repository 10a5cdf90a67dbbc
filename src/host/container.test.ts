import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { api, query } from '#platform/contract.ts';
import { ModuleContainer } from './container.ts';

const LibraryApi = api('library', { find: query(1, { input: z.object({}), output: z.object({ title: z.string() }), errors: [] }) });
abstract class Shelf {
  abstract readonly title: string;
}

describe("a module's container", () => {
  it('resolves ports and operations', async () => {
    const container = new ModuleContainer();
    container.bind(Shelf).toConstantValue({ title: 'Emma' });
    container.bind(LibraryApi.find).toResolvedValue((shelf) => async () => ({ title: shelf.title }), [Shelf]);
    const find = container.get<() => Promise<unknown>>(LibraryApi.find);
    await expect(find()).resolves.toEqual({ title: 'Emma' });
  });

  it('makes one of each', () => {
    const container = new ModuleContainer();
    container.bind(Shelf).toResolvedValue(() => ({ title: 'Emma' }), []);
    expect(container.get(Shelf)).toBe(container.get(Shelf));
  });

  it('knows nothing of what another module bound', () => {
    const library = new ModuleContainer();
    const shop = new ModuleContainer();
    library.bind(Shelf).toConstantValue({ title: 'Emma' });
    library.bind(LibraryApi.find).toConstantValue(async () => ({ title: 'Emma' }));
    expect(shop.has(Shelf)).toBe(false);
    expect(() => shop.get(Shelf)).toThrow('Shelf');
    expect(() => shop.get(LibraryApi.find)).toThrow('library.find');
  });
});
