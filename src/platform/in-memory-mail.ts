import { Database } from './database.ts';
import { onRollback } from './in-memory-transaction.ts';
import { Mail, type MailDataOf, type MailDefinition } from './mail.ts';

/** For unit tests: keeps what was added, and refuses what the real one refuses. */
export class InMemoryMail extends Mail {
  readonly mails: { name: string; key: string; data: unknown }[] = [];

  add<M extends MailDefinition>({ name, data: schema }: M, key: string, data: MailDataOf<M>): void {
    if (!Database.anyTransactionOpen) throw new Error(`${name} needs a transaction around it: transaction(...).`);
    this.mails.push({ name, key, data: schema.parse(data) });
    onRollback(() => this.mails.pop());
  }
}
