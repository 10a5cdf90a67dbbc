import type { System } from './system.ts';

/** One crossing, in the terms of the person who has to mend it. */
export interface Finding {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  /** The breach in words, free of line numbers, so that a frozen breach is still known after lines moved. */
  readonly what: string;
  readonly why: string;
  readonly instead: string;
  /** Other files that take part, or a folder with its slash (`./` is all): who touches one of them touches this breach. */
  readonly involves: readonly string[];
}

export interface Breach {
  readonly file: string;
  readonly line?: number;
  readonly what: string;
  readonly instead: string;
  readonly involves?: readonly string[];
}

export interface Rule {
  /** The name in every output, in the baseline, and of its test: `architecture-tests/<id>.test.ts`. */
  readonly id: string;
  readonly title: string;
  /** The decision behind it. */
  readonly adr: string;
  readonly why: string;
  /**
   * Reports every breach and returns how many things it looked at. Zero means that the rule checked nothing,
   * which is a failure and never a success.
   */
  check(system: System, breach: (breach: Breach) => void): number | Promise<number>;
}
