import { stripVTControlCharacters } from 'node:util';

/** The beginning of the line in which a process says why it does not start. */
export const refusalPrefix = 'Fissile did not start:';

/** Listens for that line among what a process says. */
export function refusal() {
  let text: string | undefined;
  return {
    get text() {
      return text;
    },
    /** True for the line; it is for the supervisor to tell. */
    heard(line: string): boolean {
      const plain = stripVTControlCharacters(line);
      if (!plain.startsWith(refusalPrefix)) return false;
      text = plain.slice(refusalPrefix.length).trim();
      return true;
    },
  };
}
