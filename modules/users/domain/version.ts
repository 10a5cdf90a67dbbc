import { UsersErrors } from '../contract.ts';

/** Guards a change against what its author has not seen; without an expectation any version will do. */
export function requireVersion(stored: { version: number }, expected: number | undefined): void {
  if (expected !== undefined && expected !== stored.version) throw UsersErrors.changedMeanwhile();
}
