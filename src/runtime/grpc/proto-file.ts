// ADR 0040
/** The .proto file of a module, from its contract: for clients in other languages, and for the messages between processes. */
import type { Api, Operation } from '#platform/contract.ts';
import { Inexpressible } from './message-fields.ts';
import { packageName, pascalCase, unspecifiedName } from './message-names.ts';
import {
  MessageTypes,
  within,
  type ContractExports,
  type EnumType,
  type MessageField,
  type MessageType,
  type Type,
} from './message-types.ts';

/** The numbers that a released message or enum holds on to. */
export interface Numbers {
  /** The numbers of its fields or values, by name. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Numbers and names of those that are gone. */
  readonly reserved: readonly (number | string)[];
}

interface Source {
  readonly module: string;
  readonly api: Api;
  /** The exports of contracts, the module's own first. */
  readonly exports: ContractExports;
  /** By the full name of a message or enum: `Order.Item`. */
  readonly released: Readonly<Record<string, Numbers>>;
}

/**
 * The same source gives the same text. Released numbers stay and what is gone is reserved; what is new gets the next
 * numbers in the order of the contract. Throws Inexpressible with one line for what has no form in protobuf.
 */
export function protoFile({ module, api, exports, released }: Source): string {
  const types = new MessageTypes(exports);
  const operations = new Set(Object.keys(api).map(pascalCase));
  // Within a service, the name of an rpc comes before that of a message.
  const reached = (type: string) => (operations.has(type) ? `.${packageName(module)}.${type}` : type);
  const rpcs = Object.values(api).map((operation) =>
    within(`${module}.${operation.name}`, () => {
      const name = pascalCase(operation.name);
      const request = within('input', () => types.request(`${name}Request`, operation.input));
      const response = within('output', () => types.response(`${name}Response`, operation.output));
      return rpc(operation, name, reached(request), reached(response));
    }),
  );
  const service = pascalCase(module);
  if (types.top.some(({ name }) => name === service))
    throw new Inexpressible(`two things would be called ${service}. Export the schema under another name`, module);
  const declarations = types.top.map((type) => declaration(type, released).join('\n'));
  const parts = [
    `// Written by \`npm run proto\` from modules/${module}/contract.ts. Change the contract, and not this file.\n` +
      '// The numbers of what was released are kept in architecture-tests/contract-lock.json.\nsyntax = "proto3";',
    `package ${packageName(module)};`,
    ...(declarations.some((text) => text.includes(nullValue)) ? ['import "google/protobuf/struct.proto";'] : []),
    `service ${service} {\n${rpcs.map((lines) => indented(lines).join('\n')).join('\n\n')}\n}`,
    ...declarations,
  ];
  return `${parts.join('\n\n')}\n`;
}

const nullValue = 'google.protobuf.NullValue';

function rpc({ kind, summary, errors }: Operation, name: string, request: string, response: string): string[] {
  const head = `rpc ${name}(${request}) returns (${response})`;
  return [
    ...comment(summary),
    ...comment(errors.length === 0 ? undefined : `Fails with ${errors.map(({ code }) => code).join(', ')}.`),
    ...(kind === 'query' ? [`${head} {`, '  option idempotency_level = NO_SIDE_EFFECTS;', '}'] : [`${head};`]),
  ];
}

function declaration(type: Type, released: Source['released']): string[] {
  const inside = type.kind === 'enum' ? enumBody(type, released[type.fullName]) : messageBody(type, released);
  const head = `${type.kind} ${type.name} {`;
  return [...comment(type.description), ...(inside.length === 0 ? [`${head}}`] : [head, ...indented(inside), '}'])];
}

function enumBody({ fullName, name, values }: EnumType, released: Numbers | undefined): string[] {
  const { numbers, reserved } = numbered(fullName, values, released);
  return [...reserved, `${unspecifiedName(name)} = 0;`, ...values.map((value) => `${value} = ${numbers.get(value)!};`)];
}

function messageBody({ fullName, fields, nested }: MessageType, released: Source['released']): string[] {
  const names = fields.flatMap(({ name, nullName }) => (nullName === undefined ? [name] : [name, nullName]));
  const { numbers, reserved } = numbered(fullName, names, released[fullName]);
  return [
    ...nested.flatMap((type) => [...declaration(type, released), '']),
    ...reserved,
    ...fields.flatMap((field) => [...comment(remark(field)), ...fieldLines(field, numbers)]),
  ];
}

function fieldLines({ name, nullName, type, shape }: MessageField, numbers: ReadonlyMap<string, number>): string[] {
  const line = `${type} ${name} = ${numbers.get(name)!};`;
  if (nullName !== undefined)
    return [`oneof ${name}_or_null {`, `  ${line}`, `  ${nullValue} ${nullName} = ${numbers.get(nullName)!};`, '}'];
  if (shape.isList) return [`repeated ${line}`];
  return [shape.isOptional || shape.isNullable ? `optional ${line}` : line];
}

/** Numbers for fields or values: the released ones, and the next for what is new. */
function numbered(
  owner: string,
  names: readonly string[],
  released: Numbers = { numbers: {}, reserved: [] },
): { numbers: ReadonlyMap<string, number>; reserved: string[] } {
  // The 0 of an enum is not of the contract, and always there.
  const gone = Object.entries(released.numbers).filter(([name, number]) => number !== 0 && !names.includes(name));
  const reserved = new Set([...released.reserved, ...gone.flatMap(([name, number]) => [number, name])]);
  const taken = [...Object.values(released.numbers), ...[...reserved].filter((each) => typeof each === 'number')];
  let last = Math.max(0, ...taken);
  const numbers = new Map<string, number>();
  for (const name of names) {
    if (reserved.has(name))
      throw new Inexpressible(
        `there was another ${name} once, which old peers may still send. Take another name`,
        owner,
      );
    numbers.set(name, released.numbers[name] ?? ++last);
  }
  const list = (type: 'number' | 'string') => {
    const each = [...reserved].filter((value) => typeof value === type).sort((one, other) => (one < other ? -1 : 1));
    return each.length === 0 ? [] : [`reserved ${each.map((value) => JSON.stringify(value)).join(', ')};`];
  };
  return { numbers, reserved: [...list('number'), ...list('string')] };
}

/** A remark for a reader, beyond name and type. */
function remark({ description, shape }: MessageField): string | undefined {
  const { format } = shape.value as { format?: string | null };
  const notes = [
    ...(format === 'uuid' ? ['a UUID'] : []),
    ...(format === 'datetime' ? ['RFC 3339, such as 2026-01-31T12:00:00.000Z'] : []),
    ...(shape.fallback ? [`${JSON.stringify(shape.fallback())} where absent`] : []),
    ...(shape.isNullable && !shape.isOptional ? ['absent stands for null'] : []),
    ...(description === undefined ? [] : [description]),
  ];
  return notes.length === 0 ? undefined : notes.join('; ');
}

const widest = 110;

function comment(text: string | undefined): string[] {
  const lines: string[] = [];
  for (const word of text?.split(/\s+/).filter(Boolean) ?? []) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length >= widest) lines.push(`// ${word}`);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => (line === '' ? '' : `  ${line}`));
