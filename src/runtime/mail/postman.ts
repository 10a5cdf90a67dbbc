import type { Message } from '#platform/mail.ts';

/** A message on its way out. */
export interface Letter extends Message {
  /** The same for every try, and in the Message-ID: a second copy can be told from a second mail. */
  readonly id: string;
  /** The kind of mail. */
  readonly name: string;
}

/** Takes letters to where they are read. */
export interface Postman {
  /**
   * Resolves with what the receiving side said. Throws `Undeliverable` for a letter that it will never take; after any
   * other error the same letter can be tried again.
   */
  deliver(letter: Letter): Promise<string>;
  close(): void;
}

/** Refuses for good: the address does not exist, or there is nobody who takes mail. */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
  readonly code = 'refused';
}

/** For a program that has nowhere to send mail to. */
export const noPostman = (reason: string): Postman => ({
  deliver: () => Promise.reject(new Undeliverable(reason)),
  close() {},
});
