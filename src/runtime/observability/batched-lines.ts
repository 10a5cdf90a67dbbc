import Transport from 'winston-transport';
import type { LogEntry } from './log-lines.ts';

/** Something that takes text: the standard output, a file's stream, a test's collector. */
export interface LineSink {
  write(text: string): unknown;
}

/** Milliseconds a line may be held back, and characters. */
const patience = 20;
const maxHeld = 64 * 1024;

/**
 * Writes many lines at once: a system call for each would cost more than all the rest of logging. A warning or an
 * error takes what was held back with it right away, and what is left when the process exits is written then. So only
 * a kill loses lines, and only harmless ones of the last moment.
 */
export class BatchedLines extends Transport {
  readonly #line: (entry: LogEntry) => string;
  readonly #sink: LineSink;
  readonly #also: ((entry: LogEntry) => void) | undefined;
  readonly #flush = () => this.flush();
  #held = '';
  #timer: NodeJS.Timeout | undefined;

  /** `also` hears every entry at once. */
  constructor(line: (entry: LogEntry) => string, sink: LineSink, also?: (entry: LogEntry) => void) {
    super();
    this.#line = line;
    this.#sink = sink;
    this.#also = also;
  }

  override log(entry: LogEntry, written: () => void): void {
    if (this.#held === '') {
      this.#timer = setTimeout(this.#flush, patience).unref();
      process.on('exit', this.#flush);
    }
    this.#also?.(entry);
    this.#held += `${this.#line(entry)}\n`;
    if (this.#held.length > maxHeld || entry.level === 'error' || entry.level === 'warn') this.flush();
    written();
  }

  flush(): void {
    if (this.#held === '') return;
    const text = this.#held;
    this.#held = '';
    clearTimeout(this.#timer);
    process.off('exit', this.#flush);
    this.#sink.write(text);
  }

  override close(): void {
    this.flush();
  }
}
