/** One row of the table that `npm run bench` prints. */
export interface Result {
  /** The two sides of the comparison, and the load on them. */
  readonly ours: string;
  readonly peer: string;
  readonly load: string;
  /** The result, such as "0.87 of the rate; CPU 96 against 84 µs". */
  readonly measured: string;
  /** Absent where it is only good to know. */
  readonly goal?: string;
  readonly reached?: boolean;
}

export interface Row {
  readonly title: string;
  /** Results, or why it could not be measured here. */
  run(): Promise<readonly Result[] | string>;
}
