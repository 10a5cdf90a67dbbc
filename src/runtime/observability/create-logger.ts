/** Winston behind the Logger port: JSON lines for machines, short lines for a person at a terminal. */
import winston from 'winston';
import { currentContext } from '#platform/context.ts';
import { BatchedLines, type LineSink } from './batched-lines.ts';
import { jsonLine, type LogEntry, terminalLine } from './log-lines.ts';
import { type Level, type LogLevel, LogLevels, ranks, type Verbosity } from './log-levels.ts';
import { Logger } from '#platform/logger.ts';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'terminal';
  /** Colours on a terminal. */
  readonly color?: boolean;
  /** Where lines go; the standard output without. */
  readonly sink?: LineSink;
  /** Hears every entry as well. */
  readonly also?: ((entry: LogEntry) => void) | undefined;
}

/** JSON unless a person looks at a terminal, and never anything else in production. See https://no-color.org. */
export function logOutput(
  environment: Readonly<Record<string, string | undefined>>,
  terminal: boolean,
): Required<Pick<LoggerOptions, 'format' | 'color'>> {
  const format = terminal && environment.NODE_ENV !== 'production' ? 'terminal' : 'json';
  return { format, color: format === 'terminal' && !environment.NO_COLOR };
}

/** The program's logger. A child for each module; `close` writes what is still held back. */
export abstract class RootLogger extends Logger {
  /** Its levels, which can be changed. */
  abstract readonly levels: LogLevels;
  abstract child(module: string): Logger;
  abstract close(): void;
}

export function createLogger({ level, format, color = false, sink = process.stdout, also }: LoggerOptions): RootLogger {
  const line = format === 'json' ? jsonLine : (entry: LogEntry) => terminalLine(entry, color);
  const transport = new BatchedLines(line, sink, also);
  // The transport makes the line; without a format of ours Winston would make one of its own as well.
  const target = winston.createLogger({ level: 'debug', levels: ranks, format: untouched(), transports: [transport] });
  const logLevels = new LogLevels(level);
  return new WinstonLogger(target, transport, logLevels, undefined);
}

const untouched = winston.format((entry) => entry);

class WinstonLogger extends RootLogger {
  readonly #target: winston.Logger;
  readonly #transport: BatchedLines;
  readonly levels: LogLevels;
  readonly #verbosity: Verbosity;
  readonly #module: string | undefined;

  constructor(target: winston.Logger, transport: BatchedLines, levels: LogLevels, module: string | undefined) {
    super();
    this.#target = target;
    this.#transport = transport;
    this.levels = levels;
    this.#verbosity = module === undefined ? levels.all : levels.of(module);
    this.#module = module;
  }

  child(module: string): Logger {
    return new WinstonLogger(this.#target, this.#transport, this.levels, module);
  }

  close(): void {
    this.#transport.flush();
    this.#target.close();
  }

  error(message: string, fields?: Record<string, unknown>): void {
    if (this.#verbosity.rank >= 0) this.#log('error', message, fields);
  }

  warn(message: string, fields?: Record<string, unknown>): void {
    if (this.#verbosity.rank >= 1) this.#log('warn', message, fields);
  }

  info(message: string, fields?: Record<string, unknown>): void {
    if (this.#verbosity.rank >= 2) this.#log('info', message, fields);
  }

  debug(message: string, fields?: Record<string, unknown>): void {
    if (this.#verbosity.rank >= 3) this.#log('debug', message, fields);
  }

  #log(level: Level, message: string, fields: Record<string, unknown> | undefined): void {
    const context = currentContext();
    const entry: LogEntry = { level, message, time: new Date(), module: this.#module, context, fields };
    this.#target.log(entry);
  }
}
