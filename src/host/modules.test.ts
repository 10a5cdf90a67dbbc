import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { api, query } from '#platform/contract.ts';
import { defineModule, use } from '#platform/module.ts';
import { checkNeeds, selectModules } from './modules.ts';

const find = query(1, { input: z.object({}), output: z.object({}), errors: [] });
const LibraryApi = api('library', { find, findAgain: find });
const found = () => async () => ({});
const ShopApi = api('shop', {});
const library = defineModule('library', {
  offers: LibraryApi,
  operations: { find: use(found, []), findAgain: use(found, []) },
});
const shop = defineModule('shop', { offers: ShopApi, operations: {}, needs: [LibraryApi.find, LibraryApi.findAgain] });

describe('choosing the modules', () => {
  it('takes all of them unless told which', () => {
    expect(selectModules(['library', 'shop'], undefined)).toEqual({ modules: ['library', 'shop'], gateway: true });
    expect(selectModules(['library', 'shop'], ['shop'])).toEqual({ modules: ['shop'], gateway: false });
    expect(selectModules(['library', 'shop'], ['gateway'])).toEqual({ modules: [], gateway: true });
  });

  it('says which ones there are when asked for another', () => {
    expect(() => selectModules(['library', 'shop'], ['shop', 'bakery'])).toThrow(
      'MODULES names bakery, which is not a module. There are: library, shop, gateway.',
    );
  });
});

describe('starting some of the modules', () => {
  it('is refused when one of them calls a module that is nowhere', () => {
    expect(() => checkNeeds([shop], (module) => module === 'shop')).toThrow(
      'Module shop calls library, which this process does not run. Add library to MODULES, or say where to call: LIBRARY_URL.',
    );
  });

  it('goes ahead when all that is called can be reached', () => {
    expect(() => checkNeeds([shop], () => true)).not.toThrow();
    expect(() => checkNeeds([library], () => false)).not.toThrow();
  });
});
