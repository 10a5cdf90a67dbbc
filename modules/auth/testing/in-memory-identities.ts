import { InMemoryTable } from '#platform/in-memory-transaction.ts';
import type { Accounts } from '../domain/accounts.ts';
import { Identities, type Identity } from '../domain/identities.ts';

export class InMemoryIdentities extends Identities {
  readonly #rows = new InMemoryTable<string, Identity>();
  readonly #accounts: Accounts;

  constructor(accounts: Accounts) {
    super();
    this.#accounts = accounts;
  }

  async add(identity: Identity) {
    if (!(await this.#accounts.find(identity.accountId))) return false;
    const isTaken = [...this.#rows.values()].some(
      ({ issuer, subject }) => issuer === identity.issuer && subject === identity.subject,
    );
    if (isTaken) return false;
    this.#rows.set(identity.id, identity);
    return true;
  }
  async owner(issuer: string, subject: string) {
    const found = [...this.#rows.values()].find((row) => row.issuer === issuer && row.subject === subject);
    const account = found && (await this.#accounts.find(found.accountId));
    const loggingIn = account && (await this.#accounts.findForLogIn(account.email, undefined));
    return loggingIn && { account: loggingIn.account, hasFactor: loggingIn.hasFactor };
  }
  async of(accountId: string) {
    if (!(await this.#accounts.find(accountId))) return [];
    return [...this.#rows.values()]
      .filter((row) => row.accountId === accountId)
      .sort((one, other) => +one.connectedAt - +other.connectedAt || (one.id < other.id ? -1 : 1));
  }
  async remove(id: string, accountId: string) {
    if (this.#rows.get(id)?.accountId !== accountId) return false;
    this.#rows.delete(id);
    return true;
  }
}
