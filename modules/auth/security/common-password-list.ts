import { readFile } from 'node:fs/promises';
import { CommonPasswords, normalized } from '../domain/password-rules.ts';

/** A list that lies beside this file: nothing about a password leaves the process. Read when it is first needed. */
export class CommonPasswordList extends CommonPasswords {
  #list: Promise<ReadonlySet<string>> | undefined;

  async includes(password: string): Promise<boolean> {
    return (await (this.#list ??= readList())).has(normalized(password).toLowerCase());
  }
}

async function readList(): Promise<ReadonlySet<string>> {
  const text = await readFile(new URL('common-passwords.txt', import.meta.url), 'utf8');
  const afterHead = text.indexOf('\n\n') + 2;
  return new Set(text.slice(afterHead).trimEnd().split('\n'));
}
