/** The modules and topologies that this repository ships, found in their folders. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findModules, loadModules } from '../src/host/modules.ts';
import { readTopology } from '../src/host/topology/topology.ts';

it('the modules are read from their folders', async () => {
  const folders = readdirSync(new URL('../modules', import.meta.url));
  const found = await findModules();
  expect(found).toEqual(folders.sort());
  expect(found.length).toBeGreaterThanOrEqual(4);
  expect((await loadModules(found)).map(({ name }) => name)).toEqual(found);
});

it('every topology in topologies/ is right', async () => {
  const shipped = fileURLToPath(new URL('../topologies/', import.meta.url));
  const files = readdirSync(shipped);
  expect(files).toEqual(expect.arrayContaining(['monolith.yaml', 'split.yaml', 'checkout-apart.yaml']));
  const modules = await findModules();
  for (const name of files) await expect(readTopology(join(shipped, name), modules, {})).resolves.toBeDefined();
});
