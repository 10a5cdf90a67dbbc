/** The log of several processes as one: every line says whose it is. JSON stays JSON, for a person it is made readable. */
import { jsonLine, terminalLine, type LogEntry } from '#runtime/observability/log-lines.ts';
import type { LineSink } from '#runtime/observability/batched-lines.ts';

export interface MergedLogOptions {
  readonly format: 'json' | 'terminal';
  readonly color: boolean;
  /** Takes the log. */
  readonly out: LineSink;
  /** Takes what processes say to a person. */
  readonly toPerson: LineSink;
}

/** All but red, which means trouble, and grey. */
const colors = [36, 35, 33, 34, 32, 96, 95, 93, 94, 92];

export class MergedLog {
  readonly #options: MergedLogOptions;
  readonly #colors = new Map<string, number>();
  readonly #width: number;

  /** `names` of all who will say something, so that their lines are aligned. */
  constructor(names: readonly string[], options: MergedLogOptions) {
    this.#options = options;
    this.#width = Math.max(...names.map(({ length }) => length));
    for (const [index, name] of names.entries()) this.#colors.set(name, colors[index % colors.length]!);
  }

  /** A line that `name` wrote to its standard output: JSON of its logger, or whatever else got there. */
  line(name: string, text: string): void {
    const entry = parsed(text);
    if (entry === undefined) this.say(name, text);
    else if (this.#options.format === 'json')
      this.#options.out.write(`{"process":${JSON.stringify(name)},${text.slice(1)}\n`);
    else this.#options.out.write(this.#prefixed(name, terminalLine(entry, this.#options.color)));
  }

  /** An entry that is of no process but about one. */
  entry(name: string, level: 'info' | 'warn' | 'error', message: string): void {
    this.line(
      name,
      jsonLine({ level, message, time: new Date(), module: undefined, context: undefined, fields: undefined }),
    );
  }

  /** Prints a process's message to a person. */
  say(name: string, text: string): void {
    this.#options.toPerson.write(this.#prefixed(name, text));
  }

  #prefixed(name: string, text: string): string {
    const label = name.padEnd(this.#width);
    const prefix = this.#options.color ? `\u001b[${this.#colors.get(name) ?? 0}m${label}\u001b[0m` : label;
    return text
      .split('\n')
      .map((line) => `${prefix} ${line}\n`)
      .join('');
  }
}

/** Undefined for what is no line of our logger. */
function parsed(text: string): LogEntry | undefined {
  if (!text.startsWith('{"time":')) return undefined;
  try {
    const {
      time,
      level,
      module,
      message,
      requestId: _request,
      trace_id: _trace,
      span_id: _span,
      principal: _principal,
      ...fields
    } = JSON.parse(text);
    return { time: new Date(time), level, module, message, context: undefined, fields };
  } catch {
    return undefined;
  }
}
