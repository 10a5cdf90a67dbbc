import { z } from 'zod';

/**
 * Characters with no place in one line of text, such as a name: control characters and line separators, which break
 * whatever it is written into, and bidi controls (Unicode's Bidi_Control), which make one text look like another.
 */
const invisible = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

/** The same fields, of which those that are text must be one visible line. Only for input: what is stored may be older. */
export function visibleLines<S extends z.ZodObject>(schema: S): S {
  const fields = Object.entries(schema.shape).map(([name, field]) => [
    name,
    (field as z.ZodType).refine(isVisible, refusal),
  ]);
  return z.object(Object.fromEntries(fields)) as unknown as S;
}

const isVisible = (value: unknown): boolean => typeof value !== 'string' || !invisible.test(value);

const refusal = {
  error: 'Control characters are not allowed, nor those that turn the direction of text.',
  // A field that is refused already needs no second reason.
  when: ({ issues }: z.core.ParsePayload) => issues.length === 0,
};
