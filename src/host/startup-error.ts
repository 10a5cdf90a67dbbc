/** The program cannot start, and a person can do something about it: one line that says what, where and what to do. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}
