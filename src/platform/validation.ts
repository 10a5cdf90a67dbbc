import type { z } from 'zod';
import { platformErrors, type FieldError } from './errors.ts';

/** What zod found, as field errors with JSON Pointers (RFC 6901). */
export const fieldErrors = (error: z.ZodError): FieldError[] =>
  error.issues.map((issue) => ({
    path: issue.path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    message: issue.message,
  }));

/** The value as `schema` reads it; throws `platform.invalid-request` with the list of fields. */
export function parseOrFail<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw platformErrors.invalidRequest({ fields: fieldErrors(parsed.error) });
}
