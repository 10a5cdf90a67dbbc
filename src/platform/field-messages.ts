/** Messages about a wrong field, for the person who fills it in. A schema's own messages come first. */
import type { z } from 'zod';

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

/** For zod's `error`; where it says nothing, zod does. */
export function fieldMessage(issue: z.core.$ZodRawIssue): string | undefined {
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
