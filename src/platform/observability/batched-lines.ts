import Transport from 'winston-transport';
import type { LogEntry } from './log-lines.ts';

/** Something that takes text: the standard output, a file's stream, a test's collector. */
export interface LineSink {
  write(text: string): unknown;
}

const maxHeld = 64 * 1024;

/**
 * Writes the lines of one turn of the event loop together: a system call a line would cost more than all the rest
 * of logging. What is held back when the process exits is written then, so only a kill loses lines, and of the
 * last turn only.
 */
export class BatchedLines extends Transport {
  readonly #line: (entry: LogEntry) => string;
  readonly #sink: LineSink;
  readonly #flush = () => this.flush();
  #held = '';

  constructor(line: (entry: LogEntry) => string, sink: LineSink) {
    super();
    this.#line = line;
    this.#sink = sink;
  }

  override log(entry: LogEntry, written: () => void): void {
    if (this.#held === '') {
      setImmediate(this.#flush);
      process.on('exit', this.#flush);
    }
    this.#held += `${this.#line(entry)}\n`;
    if (this.#held.length > maxHeld) this.flush();
    written();
  }

  flush(): void {
    if (this.#held === '') return;
    const text = this.#held;
    this.#held = '';
    process.off('exit', this.#flush);
    this.#sink.write(text);
  }

  override close(): void {
    this.flush();
  }
}
