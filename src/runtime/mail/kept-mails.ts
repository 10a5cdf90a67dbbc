import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Letter, Postman } from './postman.ts';

/** A letter that was kept instead of sent. */
export interface KeptMail extends Letter {
  readonly keptAt: string;
}

/** Older ones make room: the folder is for looking at the last few. */
const most = 500;
const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The letters of a program that has no mail server: files in its data folder, which only its user can read. */
export class KeptMails {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'mails');
  }

  /** Puts letters into the folder. */
  get postman(): Postman {
    return {
      deliver: async (letter) => {
        await this.#keep({ ...letter, keptAt: new Date().toISOString() });
        return `kept in ${this.#folder}`;
      },
      close() {},
    };
  }

  /** The newest first; their ids rise with time. */
  async list(): Promise<KeptMail[]> {
    const kept = await Promise.all((await this.#ids()).map((id) => this.read(id)));
    return kept.filter((mail) => mail !== undefined);
  }

  async read(id: string): Promise<KeptMail | undefined> {
    if (!isId(id)) return undefined;
    try {
      return JSON.parse(await readFile(this.#file(id), 'utf8')) as KeptMail;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async #keep(mail: KeptMail): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const unfinished = join(this.#folder, `${mail.id}.unfinished`);
    await writeFile(unfinished, JSON.stringify(mail, undefined, 2), { mode: 0o600 });
    await rename(unfinished, this.#file(mail.id));
    for (const old of (await this.#ids()).slice(most)) await rm(this.#file(old), { force: true });
  }

  async #ids(): Promise<string[]> {
    try {
      const names = await readdir(this.#folder);
      return names
        .filter((name) => name.endsWith('.json'))
        .map((name) => name.slice(0, -'.json'.length))
        .filter(isId)
        .toSorted()
        .toReversed();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #file(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

const isId = (text: string): boolean => id.test(text);
const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
