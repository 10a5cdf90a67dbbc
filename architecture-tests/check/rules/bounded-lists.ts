import { contractShapes, type JsonSchema } from '../contracts.ts';
import type { Breach, Rule } from '../rule.ts';
import type { Module } from '../system.ts';

type Report = (breach: Breach) => void;

export const boundedLists: Rule = {
  id: 'bounded-lists',
  title: 'Every list in a contract has a bound or comes by pages',
  adr: 'ADR/0034-bounded-lists.md',
  why: 'A list that grows with the data fails for good where it is larger than a message, and stalls its reader before that.',

  check(system, breach) {
    let examined = 0;
    for (const [name, { operations, events }] of contractShapes(system)) {
      const module = system.modules.get(name)!;
      for (const [operation, { input, output }] of Object.entries(operations)) {
        examined++;
        const where = { file: module.contract.path, line: lineOf(module, operation) };
        report(where, `the input of ${operation}`, unbounded(input, ''), breach);
        report(where, `the output of ${operation}`, unbounded(output, '', isPaged(input) ? 'paged' : 'whole'), breach);
      }
      for (const { exportedAs, payload } of Object.values(events)) {
        examined++;
        report(
          { file: module.contract.path, line: module.facts.get(exportedAs)?.line ?? 1 },
          exportedAs,
          unbounded(payload, ''),
          breach,
        );
      }
    }
    return examined;
  },
};

function lineOf({ facts }: Module, operation: string): number {
  for (const fact of facts.values()) {
    const found = fact.kind === 'api' ? fact.operations.find(({ name }) => name === operation) : undefined;
    if (found) return found.line;
  }
  return 1;
}

function report(where: { file: string; line: number }, place: string, paths: Iterable<string>, breach: Report): void {
  for (const path of paths) {
    breach({
      ...where,
      what: `${place} has a list without a bound, ${path}`,
      instead: 'Give it by pages, with a limit in the input that has a maximum, or bound it: z.array(...).max(100).',
    });
  }
}

/** A limit that the caller cannot raise at will. */
function isPaged({ properties = {} }: { readonly properties?: Readonly<Record<string, JsonSchema>> }): boolean {
  return alternatives(properties.limit ?? {}).some(
    ({ maximum }) => maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER,
  );
}

/** The paths of the lists and records of unlimited length. In an answer that is `paged`, its own lists are the page. */
function* unbounded(schema: JsonSchema, path: string, answer: 'paged' | 'whole' = 'whole'): Iterable<string> {
  for (const each of alternatives(schema)) {
    const isField = path !== '' && !/[.[]/.test(path);
    const items = each.items as JsonSchema | undefined;
    if (each.type === 'array') {
      if (each.maxItems === undefined && !(each.prefixItems && !items) && !(answer === 'paged' && isField))
        yield path || 'itself';
      if (items) yield* unbounded(items, `${path}[]`);
    }
    for (const [name, field] of Object.entries((each.properties ?? {}) as Record<string, JsonSchema>)) {
      yield* unbounded(field, path === '' ? name : `${path}.${name}`, path === '' ? answer : 'whole');
    }
    const values = each.additionalProperties;
    // One that takes anything has no schema, which is told elsewhere.
    if (typeof values === 'object' && values !== null && Object.keys(values).length > 0) {
      if (each.maxProperties === undefined && !hasFixedKeys(each)) yield path || 'itself';
      yield* unbounded(values as JsonSchema, `${path}[]`);
    }
  }
}

/** A record by the values of an enum. */
const hasFixedKeys = ({ propertyNames }: JsonSchema): boolean =>
  (propertyNames as JsonSchema | undefined)?.enum !== undefined;

/** The schemas a value may match: its own, and each branch of a union or a nullable. */
function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const inner = (['anyOf', 'oneOf', 'allOf'] as const).flatMap(
    (keyword) => (schema[keyword] as JsonSchema[] | undefined) ?? [],
  );
  return [schema, ...inner.flatMap(alternatives)];
}
