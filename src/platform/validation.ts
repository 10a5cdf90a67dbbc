import type { z } from 'zod';
import { platformErrors, type FieldError } from './errors.ts';

/** RFC 6901. */
export const jsonPointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** Each field that is wrong, by its own name: what zod says once about all unknown ones is said of each. */
const fieldErrors = (error: z.ZodError): FieldError[] =>
  error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: jsonPointer([...issue.path, key]), message: issue.message }))
      : [{ path: jsonPointer(issue.path), message: issue.message }],
  );

/** How many wrong fields are told: an answer about 50,000 of them helps nobody, and costs more than the request. */
const mostTold = 20;

/** The value as `schema` reads it; undefined where it is refused, and `refused` then has why. */
export function readOrRefuse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  refused: FieldError[],
): z.output<S> | undefined {
  const parsed = schema.safeParse(value, { error: fieldMessage });
  if (parsed.success) return parsed.data;
  refused.push(...fieldErrors(parsed.error).slice(0, mostTold - refused.length));
  return undefined;
}

/** The value as `schema` reads it; throws `platform.invalid-request` with the list of fields. */
export function parseOrFail<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const fields: FieldError[] = [];
  const read = readOrRefuse(schema, value, fields);
  if (fields.length > 0) throw platformErrors.invalidRequest({ fields });
  return read as z.output<S>;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  email: 'an e-mail address',
  uuid: 'a UUID',
  url: 'a URL',
  date: 'a date, such as 2026-01-31',
  datetime: 'a date and time in UTC, such as 2026-01-31T12:00:00Z',
};
const units: Readonly<Record<string, string>> = { string: ' characters', array: ' items' };

const mustBe = (kind: string) => (kinds[kind] === undefined ? undefined : `This must be ${kinds[kind]}.`);

/** The message about a wrong field, for the person who fills it in. A schema's own messages come first; where this says nothing, zod does. */
function fieldMessage(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'This is required.' : mustBe(String(issue.expected));
    case 'invalid_format':
      return mustBe(String(issue.format));
    case 'invalid_value': {
      const allowed = issue.values as readonly unknown[];
      return `This must be ${allowed.length === 1 ? '' : 'one of '}${allowed.join(', ')}.`;
    }
    case 'too_small':
      if (issue.minimum === 1 && issue.origin in units) return 'This must not be empty.';
      return `This must ${bound('at least', 'more than', issue.minimum, issue)}.`;
    case 'too_big':
      return `This must ${bound('at most', 'less than', issue.maximum, issue)}.`;
    case 'unrecognized_keys':
      return 'There is no such field.';
    default:
      return undefined;
  }
}

const bound = (
  inclusive: string,
  exclusive: string,
  limit: unknown,
  { origin, inclusive: isInclusive }: z.core.$ZodRawIssue,
) =>
  `${String(origin) in units ? 'have' : 'be'} ${isInclusive === false ? exclusive : inclusive} ${limit}${units[String(origin)] ?? ''}`;
