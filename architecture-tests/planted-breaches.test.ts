/** Proves that everything that can be broken has a planted breach. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importKinds } from './check/imports.ts';
import { roleFolders } from './check/places.ts';
import { rules } from './check/rules.ts';
import { plantedCases } from './support/planted.ts';

const cases = rules.flatMap(({ id }) => plantedCases(id).map((planted) => ({ rule: id, ...planted })));

describe('the planted breaches', () => {
  it('are many, and several for every rule', () => {
    expect(cases.length).toBeGreaterThanOrEqual(150);
    for (const { id } of rules) {
      const own = cases.filter(({ rule }) => rule === id);
      const breaches = own.flatMap(({ expected }) => expected.filter(({ rule }) => rule === id));
      expect(breaches.length, id).toBeGreaterThanOrEqual(2);
      for (const { name, expected } of own)
        expect(
          expected.some(({ rule }) => rule === id),
          `${id}: ${name}`,
        ).toBe(true);
    }
  });

  it('cross a boundary by every kind of import there is', () => {
    const said = ['contracts-only', 'imports-resolve']
      .flatMap(plantedCases)
      .flatMap(({ expected }) => expected.map(({ what }) => what));
    for (const kind of importKinds)
      expect(
        said.filter((what) => what.endsWith(`(${kind})`)),
        kind,
      ).not.toEqual([]);
  });

  it('are each a small difference to the clean tree', () => {
    for (const { rule, name, folder, without, links } of cases) {
      const changed = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
        (entry) => entry.isFile() && entry.name !== 'expected.json',
      );
      const size = changed.length + without.length + Object.keys(links).length;
      expect(size, `${rule}: ${name}`).toBeGreaterThan(0);
      expect(size, `${rule}: ${name}`).toBeLessThanOrEqual(6);
    }
  });

  it('include roles that may not do what others may', () => {
    const said = plantedCases('layers').flatMap(({ expected }) => expected.map(({ what }) => what));
    for (const role of ['domain', 'use-cases', 'http', 'persistence', 'reactions'] as const) {
      expect(roleFolders).toContain(role);
      expect(
        said.filter((what) => what.startsWith(`${role} depends on`)),
        role,
      ).not.toEqual([]);
    }
  });
});
