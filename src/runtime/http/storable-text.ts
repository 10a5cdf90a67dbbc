import { platformErrors } from '#platform/errors.ts';
import { jsonPointer } from '#platform/validation.ts';

/** U+0000, and halves of surrogate pairs: the one is text to JSON and not to PostgreSQL, the others are no characters. */
const unstorable = /[\0\p{Surrogate}]/u;

/**
 * Refuses text that cannot be stored, in any field of any endpoint. Otherwise the database is the first to notice, and
 * what is wrong with the request looks like a fault of ours.
 */
export function requireStorableText(value: unknown): void {
  const path = pathOfUnstorable(value);
  if (!path) return;
  const message = 'U+0000 and unpaired surrogates are not allowed.';
  throw platformErrors.invalidRequest({ fields: [{ path: jsonPointer(path), message }] });
}

/** To the first text that is wrong, or to the object that has a wrong name in it. */
function pathOfUnstorable(value: unknown): string[] | undefined {
  if (typeof value === 'string') return unstorable.test(value) ? [] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, part] of Object.entries(value)) {
    if (unstorable.test(name)) return [];
    const path = pathOfUnstorable(part);
    if (path) return [name, ...path];
  }
  return undefined;
}
