// ADR 0110
/**
 * E-mail. A module adds a mail in the transaction that gives the reason; it is composed and sent after the commit, in the
 * background, as often as it takes. What is stored until then is data without a secret: a code or a link is made when
 * the mail is composed, so that only the mail itself has it.
 */
import type { z } from 'zod';

/** A kind of mail. */
export interface MailDefinition<D extends z.ZodObject = z.ZodObject> {
  /** `auth.verify-address`; stored with every mail that waits, so renaming one is a migration. */
  readonly name: string;
  /** Plain JSON without a secret: it is stored. */
  readonly data: D;
  /** For the operator, in "cannot be done without mail: verifying an address". */
  readonly purpose: string;
  /** Milliseconds after which nobody has a use for it; one that could not be sent until then is given up. */
  readonly usefulFor: number;
}
export type MailDataOf<M extends MailDefinition> = z.output<M['data']>;

/** `mail('auth.verify-address', z.object({ accountId: z.uuid() }), { purpose: 'verifying an address', usefulFor: day })` */
export const mail = <D extends z.ZodObject>(
  name: string,
  data: D,
  { purpose, usefulFor }: Pick<MailDefinition, 'purpose' | 'usefulFor'>,
): MailDefinition<D> => Object.freeze({ name, data, purpose, usefulFor });

/** A composed mail. */
export interface Message {
  /** Whose mail it turned out to be, where `key` did not say. */
  readonly key?: string;
  /** One address, without a name. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/**
 * Makes the message of a mail, in a transaction of the module of its own, so that a code and its hash in the database go
 * together. Undefined: nobody needs it any more. It runs again for every try, and a message of an earlier try may have
 * arrived after all, so what that one says has to stay true.
 */
export type Compose<M extends MailDefinition> = (data: MailDataOf<M>) => Promise<Message | undefined>;

/** Adds mails; `add` joins the transaction under way, and throws outside one and on data its schema refuses. */
export abstract class Mail {
  /** `key` is whose mail it is: nobody's crowd of mails holds up another's, and with the person theirs are forgotten. */
  abstract add<M extends MailDefinition>(mail: M, key: string, data: MailDataOf<M>): void;
}
