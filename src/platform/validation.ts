import type { z } from 'zod';
import { platformErrors, type FieldError } from './errors.ts';
import { fieldMessage } from './field-messages.ts';

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
