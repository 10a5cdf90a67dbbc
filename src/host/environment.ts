/** Environment variables, read by schemas; what is wrong with them is said in words for the person who set them. */
import { z } from 'zod';
import { StartupError } from './startup-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns what the variables of `schema` say; an empty variable counts as absent. Throws one line that names each wrong one. */
export function parseEnvironment<S extends z.ZodObject>(schema: S, environment: Environment): z.output<S> {
  const parsed = parse(schema, environment);
  if (parsed.success) return parsed.data;
  throw wrongVariables(mistakesOf(schema, environment, parsed.error));
}

/** Throws one line that names every wrong variable of all these schemas. */
export function checkEnvironment(schemas: readonly z.ZodObject[], environment: Environment): void {
  const mistakes = schemas.flatMap((schema) => {
    const { error } = parse(schema, environment);
    return error ? mistakesOf(schema, environment, error) : [];
  });
  if (mistakes.length > 0) throw wrongVariables(mistakes);
}

const wrongVariables = (mistakes: readonly string[]) =>
  new StartupError(`Wrong environment variable ${[...new Set(mistakes)].join('; ')}.`);

const present = (environment: Environment) =>
  Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));

const parse = <S extends z.ZodObject>(schema: S, environment: Environment) =>
  schema.safeParse(present(environment), { error: plainWords });

function mistakesOf(schema: z.ZodObject, environment: Environment, { issues }: z.ZodError): string[] {
  return issues.map(({ path, message }) => {
    const name = String(path[0]);
    return `${name}: ${wrongNumber(schema, name, environment[name]) ?? message}`;
  });
}

/** The words where a schema has none of its own. The value is left out of all that could be a secret. */
function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_value':
      return `${JSON.stringify(issue.input)} is none of ${issue.values.join(', ')}`;
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : 'cannot be read';
    case 'invalid_format':
      return `is not ${{ url: 'a URL, such as https://example.com', email: 'an e-mail address' }[issue.format as string] ?? 'well formed'}`;
    case 'too_small':
      return `must have at least ${String(issue.minimum)} characters`;
    case 'too_big':
      return `must have at most ${String(issue.maximum)} characters`;
    default:
      return undefined;
  }
}

/** A number's mistake, with what was given and all that is allowed. */
function wrongNumber(schema: z.ZodObject, name: string, text: string | undefined): string | undefined {
  const number = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).properties?.[name];
  if (typeof number !== 'object' || (number.type !== 'number' && number.type !== 'integer')) return undefined;
  const { type, minimum, exclusiveMinimum, maximum } = number;
  const least = exclusiveMinimum === undefined ? `from ${minimum}` : `above ${exclusiveMinimum} and up`;
  return `${JSON.stringify(text)} is not ${type === 'integer' ? 'a whole number' : 'a number'} ${least} to ${maximum}`;
}
