/** The check itself could not be done. Never to be taken for "nothing found". */
export class CannotCheck extends Error {
  override readonly name = 'CannotCheck';
}
