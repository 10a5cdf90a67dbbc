/**
 * Keeps secrets and personal data out of the logs where a log line forgot to. The first line of defence is not to log
 * them; this is the second one.
 */
const secretNames =
  /pass(word|wd|phrase)|secret|token|authorization|cookie|credential|api-?_?key|private-?_?key|signature|e-?_?mail|phone|iban|card-?_?number|cvc/i;
const hidden = '[redacted]';

/** Field names repeat, so each is judged once. */
const judged = new Map<string, boolean>();

function isSecret(name: string): boolean {
  let secret = judged.get(name);
  if (secret === undefined) {
    secret = secretNames.test(name);
    // Names can come from outside (the keys of a map); the memory of them is bounded.
    if (judged.size < 1_000) judged.set(name, secret);
  }
  return secret;
}

const longestText = 10_000;

/**
 * Access tokens, credentials in URLs, and addresses of people, wherever they stand in a text. Each pattern starts
 * where a run of its characters starts and nowhere within, so the time grows with the text and not with its square.
 */
export function redactText(text: string): string {
  if (text.length > longestText) return `${redactText(text.slice(0, longestText))}... (${text.length} characters)`;
  if (!/@|%40|eyJ|bearer/i.test(text)) return text;
  return text
    .replace(/(?<![\w.-])[\w.-]*eyJ[\w.-]*/g, withoutToken)
    .replace(/\b(bearer\s+)[\w~+/.=-]+/gi, `$1${hidden}`)
    .replace(/(\w:\/\/)[^\s/@]+@/g, `$1${hidden}@`)
    .replace(/(?<![\w.!#$%&'*+/=?^`{|}~-])[\w.!#$%&'*+/=?^`{|}~-]+(?:@|%40)[\w-]+(\.[\w-]+)+/gi, hidden);
}

/** A run of characters that tokens consist of, up to where a JWT begins: base64url of `{"`, and parts apart by dots. */
function withoutToken(run: string): string {
  const start = run.indexOf('eyJ');
  return run.indexOf('.', start) === -1 ? run : run.slice(0, start) + hidden;
}

const maxDepth = 6;
const maxItems = 100;

/** A copy that is safe to log: plain, bounded in depth and size, without secrets, errors with stack and cause. */
function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value;
  if (depth >= maxDepth) return '[too deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (Buffer.isBuffer(value) || ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => redact(item, depth + 1));
  return redactFields(value as Record<string, unknown>, depth);
}

export const redactField = (name: string, value: unknown, depth = 0): unknown =>
  isSecret(name) && value != null ? hidden : redact(value, depth + 1);

export function redactFields(fields: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    safe[name] = redactField(name, fields[name], depth);
  }
  return safe;
}

/** Only what is known to be about the failure: drivers hang rows and parameters on their errors. */
function redactError(error: Error, depth: number): Record<string, unknown> {
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: redactText(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
    ...(error instanceof AggregateError ? { errors: redact(error.errors, depth + 1) } : {}),
  };
}
