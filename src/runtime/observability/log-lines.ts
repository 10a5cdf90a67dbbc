/** How an entry of the log looks, for machines and for people. */
import type { CallContext } from '#platform/context.ts';
import { redactField, redactFields, redactText } from './redaction.ts';

export interface LogEntry {
  readonly level: string;
  readonly message: string;
  readonly time: Date;
  readonly module: string | undefined;
  readonly context: CallContext | undefined;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** One JSON object. JSON itself makes line breaks and control characters inert. */
export const jsonLine = (entry: LogEntry): string => JSON.stringify(safeEntry(entry));

/** All that an entry says, without what must not be told. */
export function safeEntry({ level, message, time, module, context, fields }: LogEntry): Record<string, unknown> {
  const line: Record<string, unknown> = { time: time.toISOString(), level };
  if (module !== undefined) line.module = module;
  line.message = redactText(message);
  if (context !== undefined) {
    line.requestId = context.requestId;
    line.trace_id = context.trace.traceId;
    line.span_id = context.trace.spanId;
    line.principal = context.principal?.userId;
    if (context.origin !== undefined) line.network = context.origin.network;
    if (context.origin?.userAgent !== undefined) line.userAgent = redactText(context.origin.userAgent);
  }
  if (fields !== undefined) {
    for (const name of Object.keys(fields))
      if (!Object.hasOwn(line, name)) line[name] = redactField(name, fields[name]);
  }
  return line;
}

const colors: Readonly<Record<string, number>> = { error: 31, warn: 33, info: 32, debug: 90 };

/** `14:03:07 warn  orders  The message  key=value`, and the stacks of errors below. */
export function terminalLine({ level, message, time, module, fields }: LogEntry, color: boolean): string {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const safe = redactFields(fields ?? {});
  const stacks: string[] = [];
  const shown: string[] = [];
  for (const [name, value] of Object.entries(safe)) {
    if (value === undefined) continue;
    const stack = stackOf(value);
    if (stack !== undefined) stacks.push(stack);
    else shown.push(`${name}=${inert(typeof value === 'string' ? value : JSON.stringify(value))}`);
  }
  return (
    [
      paint(90, time.toTimeString().slice(0, 8)),
      paint(colors[level] ?? 0, level.padEnd(5)),
      ...(module === undefined ? [] : [paint(36, module)]),
      inert(redactText(message)),
      ...(shown.length === 0 ? [] : [paint(90, shown.join(' '))]),
    ].join(' ') + stacks.map((stack) => `\n${paint(90, stack)}`).join('')
  );
}

function stackOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('stack' in value) || typeof value.stack !== 'string')
    return undefined;
  const { name, message, stack, cause } = value as { name: string; message: string; stack: string; cause?: unknown };
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const lines = [`    ${inert(`${name}: ${message}`)}`, ...frames.map((frame) => `    ${inert(frame.trim())}`)];
  const below = stackOf(cause);
  if (below !== undefined) lines.push('    caused by', below);
  return lines.join('\n');
}

/** Nothing in a value may start a line of its own or steer the terminal. */
const inert = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) =>
    character === '\n'
      ? '\\n'
      : character === '\r'
        ? '\\r'
        : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
