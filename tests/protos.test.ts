/** The .proto files of all modules: current, and good for every value of every contract. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moduleOf, type Api } from '#platform/contract.ts';
import { serviceCodec } from '#runtime/grpc/service-codec.ts';
import { valuesOf } from '#runtime/grpc/testing/values.ts';
import type { ModuleDefinition } from '#platform/module.ts';
import { read } from '../architecture-tests/check/check.ts';
import { protoFiles } from '../architecture-tests/check/proto-files.ts';

const root = new URL('../', import.meta.url);
const names = readdirSync(new URL('modules/', root));
const textOf = (module: string) => readFileSync(new URL(`modules/${module}/${module}.proto`, root), 'utf8');
const apis = await Promise.all(
  names.map(async (name) => {
    const { default: module } = (await import(new URL(`modules/${name}/module.ts`, root).href)) as {
      default: ModuleDefinition;
    };
    return module.offers;
  }),
);

describe('the .proto file', () => {
  const current = protoFiles(read(root.pathname));

  it.each(names)('of %s says what its contract says', (module) => {
    expect(textOf(module), 'write it anew: npm run proto').toBe(current.get(module));
  });
});

const operations = apis.flatMap((offered: Api) => {
  const { operations } = serviceCodec(offered, textOf(moduleOf(offered)));
  return Object.values(offered).map(({ module, name, input, output }) => {
    const codec = operations.get(name)!;
    return [`${module}.${name}`, { input, output, codec }] as const;
  });
});

describe.each(operations)('%s', (_, { input, output, codec }) => {
  it('carries every input unchanged', () => {
    fc.assert(
      fc.property(valuesOf(input), (value) => {
        expect(codec.decodeInput(codec.encodeInput(value))).toStrictEqual(value);
      }),
    );
  });

  it('carries every output unchanged', () => {
    fc.assert(
      fc.property(valuesOf(output), (value) => {
        expect(codec.decodeOutput(codec.encodeOutput(value))).toStrictEqual(value);
      }),
    );
  });
});

describe('the contracts', () => {
  it('are all tried', () => {
    expect(operations.length).toBeGreaterThan(30);
  });
});
