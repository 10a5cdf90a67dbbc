import { v7 as uuid } from 'uuid';
import { currentContext } from '#platform/context.ts';
import { ambientTransaction, type Database } from '#platform/database.ts';
import { Mail, type MailDataOf, type MailDefinition } from '#platform/mail.ts';
import { headersOf } from '../background/headers.ts';
import type { MailSender } from './mail-sender.ts';
import type { MailTable, NewMail } from './mail-table.ts';

/** Collects the mails of a transaction, stores them with one statement before it commits, and hands them on after. */
export class DatabaseMail extends Mail {
  readonly #database: Database;
  readonly #table: MailTable;
  readonly #sender: MailSender;
  readonly #collected = new WeakMap<object, NewMail[]>();

  constructor(database: Database, table: MailTable, sender: MailSender) {
    super();
    this.#database = database;
    this.#table = table;
    this.#sender = sender;
  }

  add<M extends MailDefinition>({ name, data: schema, usefulFor }: M, key: string, data: MailDataOf<M>): void {
    this.#sender.requireKnown(name);
    // Composing must not depend on whether the data came from memory or from the table.
    const stored = JSON.parse(JSON.stringify(schema.parse(data)));
    this.#ofThisTransaction().push({ id: uuid(), name, key, data: stored, usefulFor });
  }

  #ofThisTransaction(): NewMail[] {
    const transaction = ambientTransaction.getStore();
    const known = transaction?.open && this.#collected.get(transaction);
    if (known) return known;
    const mails: NewMail[] = [];
    const headers = headersOf(currentContext(), uuid());
    let owner = 0;
    this.#database.beforeCommit(async () => {
      this.#collected.delete(transaction!);
      owner = this.#sender.ownerOfNew();
      await this.#table.insert(mails, headers, owner);
    });
    this.#database.afterCommit(() => {
      const addedAt = Date.now();
      this.#sender.added(
        mails.map(({ usefulFor: _, ...mail }) => ({ ...mail, headers, attempts: 0, addedAt })),
        owner,
      );
    });
    this.#collected.set(transaction!, mails);
    return mails;
  }
}
