/** The arguments of the command line make no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
