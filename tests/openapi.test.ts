import { readdirSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '#runtime/http/openapi/document.ts';
import type { ModuleDefinition } from '#platform/module.ts';

const folder = new URL('../modules/', import.meta.url);
let modules: ModuleDefinition[];
// oxlint-disable-next-line typescript/no-explicit-any -- the document is what these tests look into
let document: any;
beforeAll(async () => {
  modules = await Promise.all(
    readdirSync(folder).map(
      async (name) =>
        ((await import(new URL(`${name}/module.ts`, folder).href)) as { default: ModuleDefinition }).default,
    ),
  );
  document = openApiDocument(modules, { version: '1.0.0', publicUrl: 'https://shop.example' });
});

describe('the description of all modules', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
  });

  it('has every endpoint, each with an id of its own', () => {
    const operations = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((methods) =>
      Object.values(methods),
    );
    const declared = modules.flatMap(({ endpoints }) => endpoints);
    expect(declared.length).toBeGreaterThan(20);
    expect(operations).toHaveLength(declared.length);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(declared.length);
  });

  it('calls what has versions by a name of its own, so that a generated client has a type for it', () => {
    const versioned = modules
      .flatMap(({ endpoints }) => endpoints)
      .filter((each) => each.versioned && each.answers.body);
    expect(versioned.length).toBeGreaterThan(5);
    for (const { method, url, answers } of versioned) {
      const { schema } =
        document.paths[url][method.toLowerCase()].responses[answers.status].content['application/json'];
      expect(schema, `${method} ${url}`).toEqual({ $ref: expect.stringMatching(/^#\/components\/schemas\/[A-Z]\w+$/) });
    }
  });

  it('says what the server wants of e-mail addresses, new passwords and If-Match', () => {
    const bodyOf = (url: string) => document.paths[url].post.requestBody.content['application/json'].schema.properties;
    const { email, password } = bodyOf('/v1/auth/register');
    expect(email).toMatchObject({ type: 'string', format: 'email', maxLength: 254 });
    expect(password).toMatchObject({
      minLength: 8,
      maxLength: 128,
      description: expect.stringContaining('15 characters'),
    });
    expect(bodyOf('/v1/auth/password').newPassword).toMatchObject({ minLength: 8, maxLength: 128 });
    const { pattern } = document.components.parameters.IfMatch.schema;
    for (const [value, isTaken] of [
      ['"3"', true],
      ['*', true],
      ['3', false],
      ['W/"3"', false],
      ['"3", "4"', false],
    ] as const) {
      expect(new RegExp(pattern).test(value), value).toBe(isTaken);
    }
  });

  it('lists 408, 413 and 415 wherever a body can be sent', () => {
    for (const { method, url, rawBody } of modules.flatMap(({ endpoints }) => endpoints)) {
      const listed = Object.keys(document.paths[url][method.toLowerCase()].responses).filter((status) =>
        ['408', '413', '415'].includes(status),
      );
      expect(listed, `${method} ${url}`).toEqual(
        method === 'GET' ? [] : rawBody ? ['408', '413'] : ['408', '413', '415'],
      );
    }
  });

  it('has only patterns that other languages read too', () => {
    const patterns = [...JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
      ([, text]) => JSON.parse(text!) as string,
    );
    expect(patterns.length).toBeGreaterThan(5);
    expect(patterns.filter((pattern) => /\\[pP]\{|\(\?</.test(pattern))).toEqual([]);
  });
});
