import type { z } from 'zod';
import { platformErrors, type FieldError } from './errors.ts';

/** RFC 6901. */
export const jsonPointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** What zod found. */
export const fieldErrors = (error: z.ZodError): FieldError[] =>
  error.issues.map(({ path, message }) => ({ path: jsonPointer(path), message }));

/** The value as `schema` reads it; throws `platform.invalid-request` with the list of fields. */
export function parseOrFail<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw platformErrors.invalidRequest({ fields: fieldErrors(parsed.error) });
}
