/**
 * Finds what changed between two schemas that an old and a new peer have to share. Both directions count, because
 * while a release rolls out old and new send to each other: an optional field may be added, and nothing else.
 */
import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '../contracts.ts';

/**
 * An answer may promise to be no longer than so much where it promised nothing: who asks does not check it, and whoever
 * is old takes a shorter one as well.
 */
const newInAnswers: readonly string[] = ['maxItems', 'maxLength'];

type Direction = 'answer' | 'both';

/** Each a sentence without its subject: `items[].quantity became required`. */
export function* incompatibilities(
  before: JsonSchema,
  after: JsonSchema,
  path = '',
  direction: Direction = 'both',
): Iterable<string> {
  const named = path === '' ? 'it' : path;
  if (!isDeepStrictEqual(before.type, after.type)) {
    yield `type of ${named} went from ${told(before.type)} to ${told(after.type)}`;
    return; // Nothing else can be compared.
  }
  for (const keyword of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[keyword], after[keyword]];
    switch (keyword) {
      case 'properties':
        yield* fields(before, after, path, direction);
        break;
      case 'required':
        break; // Told with the fields.
      case '$defs':
        for (const [name, definition] of Object.entries((old ?? {}) as Schemas)) {
          const successor = ((now ?? {}) as Schemas)[name];
          if (successor) yield* incompatibilities(definition, successor, path, direction);
        }
        break;
      case 'items':
      case 'additionalProperties':
      case 'propertyNames':
        if (isSchema(old) && isSchema(now)) yield* incompatibilities(old, now, `${path}[]`, direction);
        else if (!isDeepStrictEqual(old, now))
          yield `${named} takes other ${keyword === 'items' ? 'items' : 'fields'} than before`;
        break;
      case 'anyOf':
      case 'oneOf':
      case 'allOf':
      case 'prefixItems':
        yield* choices(old, now, named, path, direction);
        break;
      case 'enum':
        yield* values(old as readonly unknown[] | undefined, now as readonly unknown[] | undefined, named);
        break;
      default:
        if (direction === 'answer' && old === undefined && newInAnswers.includes(keyword)) break;
        if (!isDeepStrictEqual(old, now)) yield `${keyword} of ${named} went from ${told(old)} to ${told(now)}`;
    }
  }
}

type Schemas = Readonly<Record<string, JsonSchema>>;

function* fields(before: JsonSchema, after: JsonSchema, path: string, direction: Direction): Iterable<string> {
  const [old, now] = [(before.properties ?? {}) as Schemas, (after.properties ?? {}) as Schemas];
  const [mustBefore, mustAfter] = [required(before), required(after)];
  for (const name of Object.keys({ ...old, ...now })) {
    const field = path === '' ? name : `${path}.${name}`;
    const [was, is] = [old[name], now[name]];
    if (!is) yield `${field} is gone`;
    else if (!was) {
      if (mustAfter.has(name)) yield `${field} is new and required`;
    } else {
      if (mustBefore.has(name) !== mustAfter.has(name))
        yield `${field} became ${mustAfter.has(name) ? 'required' : 'optional'}`;
      yield* incompatibilities(was, is, field, direction);
    }
  }
}

function* choices(old: unknown, now: unknown, named: string, path: string, direction: Direction): Iterable<string> {
  const [before, after] = [(old ?? []) as readonly JsonSchema[], (now ?? []) as readonly JsonSchema[]];
  if (before.length !== after.length) yield `${named} has ${after.length} kinds instead of ${before.length}`;
  else
    for (const [index, choice] of before.entries())
      yield* incompatibilities(choice, after[index] as JsonSchema, path, direction);
}

function* values(old: readonly unknown[] = [], now: readonly unknown[] = [], named: string): Iterable<string> {
  for (const value of old) if (!now.includes(value)) yield `${named} can no longer be ${told(value)}`;
  for (const value of now) if (!old.includes(value)) yield `${named} can now be ${told(value)}, which nobody old knows`;
}

const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null;
const required = ({ required: names }: JsonSchema): ReadonlySet<string> => new Set((names ?? []) as readonly string[]);
const told = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));
