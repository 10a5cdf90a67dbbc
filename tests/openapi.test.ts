import { readdirSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '#platform/http/endpoint.ts';
import { openApiDocument } from '#platform/http/openapi/document.ts';
import type { ModuleDefinition } from '#platform/module.ts';

const folder = new URL('../modules/', import.meta.url);
let modules: { name: string; endpoints: readonly Endpoint[] }[];
// oxlint-disable-next-line typescript/no-explicit-any -- the document is what these tests look into
let document: any;
beforeAll(async () => {
  modules = await Promise.all(
    readdirSync(folder).map(async (name) => ((await import(new URL(`${name}/module.ts`, folder).href)) as { default: ModuleDefinition }).default),
  );
  document = openApiDocument(modules, '1.0.0');
});

describe('the description of all modules', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
  });

  it('has every endpoint, each with an id of its own', () => {
    const operations = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((methods) => Object.values(methods));
    const declared = modules.flatMap(({ endpoints }) => endpoints);
    expect(declared.length).toBeGreaterThan(20);
    expect(operations).toHaveLength(declared.length);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(declared.length);
  });
});
