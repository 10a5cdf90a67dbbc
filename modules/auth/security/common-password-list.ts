import { readAsset } from '#platform/assets.ts';
import { CommonPasswords, normalized } from '../domain/password-rules.ts';

/** A list that comes with the program: nothing about a password leaves the process. Read when it is first needed. */
export class CommonPasswordList extends CommonPasswords {
  #list: ReadonlySet<string> | undefined;

  includes(password: string): boolean {
    this.#list ??= readList();
    return this.#list.has(normalized(password).toLowerCase());
  }
}

function readList(): ReadonlySet<string> {
  const text = readAsset('modules/auth/security/common-passwords.txt');
  const afterHead = text.indexOf('\n\n') + 2;
  return new Set(text.slice(afterHead).trimEnd().split('\n'));
}
