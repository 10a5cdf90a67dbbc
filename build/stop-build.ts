/** The build cannot go on, and a person can do something about it: one line that says what. */
export class StopBuild extends Error {
  override readonly name = 'StopBuild';
}
