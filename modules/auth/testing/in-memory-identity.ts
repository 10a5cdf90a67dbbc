import { randomUUID } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import { InMemoryOutbox } from '#platform/in-memory-outbox.ts';
import { InMemoryTable, inMemoryTransaction } from '#platform/in-memory-transaction.ts';
import { type Account, changedRoles } from '../domain/account.ts';
import { Accounts } from '../domain/accounts.ts';
import { type AccountSearch, Administration, type RoleChange } from '../domain/administration.ts';
import type { Authorization } from '../domain/authorizations.ts';
import { deviceIdle, Devices, devicesPerAccount } from '../domain/devices.ts';
import { SessionEndings } from '../domain/session-endings.ts';
import { sessionExpiry, type SessionLifetimes } from '../domain/session-lifetimes.ts';
import { type Rotation, type Session, type SessionOrigin, Sessions } from '../domain/sessions.ts';
import { inMemoryFactors } from './in-memory-factors.ts';

interface Held extends Session, SessionOrigin {
  readonly startedAt: Date;
  readonly lastUsedAt: Date;
  readonly refreshToken: string;
  /** The token before, and until when it gives `refreshToken` again. */
  readonly previous?: { readonly token: string; readonly until: Date };
  readonly spent: ReadonlySet<string>;
  readonly applicationId?: string;
}

/** Accounts, sessions, devices and second factors over one memory, with its transaction and its outbox. */
export function inMemoryIdentity(clock: Clock, lifetimes: SessionLifetimes) {
  const { totpSecrets, factors, hasFactor, forget: forgetFactors } = inMemoryFactors();
  const accounts = new InMemoryTable<string, Account>();
  const leaving = new InMemoryTable<string, true>();
  const sessions = new InMemoryTable<string, Held>();
  const devices = new InMemoryTable<string, { accountId: string; lastUsedAt: Date }>();
  const endings = new SessionEndings();
  const applicationNames: ((id: string) => string | undefined)[] = [];
  const applicationName = (id: string) => applicationNames.map((nameOf) => nameOf(id)).find(Boolean) ?? '';
  const machines: ((id: string, claimed?: { userId: string; roles: readonly string[] }) => boolean)[] = [];

  const isAlive = ({ startedAt, lastUsedAt }: Held) => sessionExpiry(lifetimes, startedAt, lastUsedAt) > clock.now();
  const sessionsOf = (accountId: string) => [...sessions.values()].filter((session) => session.accountId === accountId);

  function endSessions(ended: readonly Held[]): void {
    for (const { id } of ended) sessions.delete(id);
    endings.tell(ended.map(({ id }) => id));
  }

  function endBeyondBound(accountId: string): void {
    const newestFirst = sessionsOf(accountId).sort((a, b) => +b.lastUsedAt - +a.lastUsedAt || (b.id < a.id ? -1 : 1));
    endSessions(newestFirst.slice(lifetimes.perAccount));
  }

  const devicesOf = (accountId: string) =>
    [...devices]
      .filter(([, device]) => device.accountId === accountId)
      .sort(([, a], [, b]) => +b.lastUsedAt - +a.lastUsedAt);

  function forgetDevices(accountId: string, keep = 0): void {
    for (const [token] of devicesOf(accountId).slice(keep)) devices.delete(token);
  }

  function change(id: string, fields: Partial<Account>): boolean {
    const account = accounts.get(id);
    if (account) accounts.set(id, { ...account, ...fields });
    return account !== undefined;
  }

  function isLastAdministrator(id: string): boolean {
    const left = [...accounts.values()].filter(
      ({ id, roles, disabledAt }) => roles.includes('admin') && !disabledAt && !leaving.has(id),
    );
    return left.length === 1 && left[0]!.id === id;
  }

  class InMemoryAccounts extends Accounts {
    async add(account: Account) {
      if ([...accounts.values()].some(({ email }) => email === account.email)) return false;
      accounts.set(account.id, account);
      return true;
    }
    async find(id: string) {
      return accounts.get(id);
    }
    async findForLogIn(email: string, deviceToken: string | undefined) {
      const account = [...accounts.values()].find((account) => account.email === email);
      return (
        account && {
          account,
          knowsDevice: devices.get(deviceToken ?? '')?.accountId === account.id,
          hasFactor: hasFactor(account.id),
        }
      );
    }
    async findByEmail(email: string) {
      return [...accounts.values()].find((account) => account.email === email);
    }
    async administrators() {
      const all = [...accounts.values()].filter(({ roles }) => roles.includes('admin'));
      return all.sort(
        (one, other) => one.registeredAt.getTime() - other.registeredAt.getTime() || one.id.localeCompare(other.id),
      );
    }
    async resetPassword(id: string, passwordHash: string) {
      change(id, { passwordHash, oneTimePassword: true });
      leaving.delete(id);
      endSessions(sessionsOf(id));
      forgetDevices(id);
    }
    async hasAdministrator() {
      return [...accounts.values()].some(({ roles, disabledAt }) => roles.includes('admin') && disabledAt === null);
    }
    async rehash(id: string, from: string, to: string) {
      if (accounts.get(id)?.passwordHash === from) change(id, { passwordHash: to });
    }
    async changePassword(id: string, { from, to, keep }: { from: string; to: string; keep: string | null }) {
      if (accounts.get(id)?.passwordHash !== from) return false;
      endSessions(sessionsOf(id).filter((session) => session.id !== keep));
      forgetDevices(id);
      return change(id, { passwordHash: to, oneTimePassword: false });
    }
    async verifyEmail(id: string, email: string, at: Date) {
      const account = accounts.get(id);
      if (account?.email !== email || account.emailVerifiedAt) return false;
      return change(id, { emailVerifiedAt: at });
    }
    async changeEmail(id: string, email: string, at: Date) {
      if (await this.findByEmail(email)) return false;
      return change(id, { email, emailVerifiedAt: at });
    }
    async disable(id: string, at: Date) {
      if (isLastAdministrator(id)) return 'last administrator' as const;
      endSessions(sessionsOf(id));
      return change(id, { disabledAt: accounts.get(id)?.disabledAt ?? at })
        ? ('disabled' as const)
        : ('unknown' as const);
    }
    async leave(id: string, _at: Date) {
      if (isLastAdministrator(id)) return false;
      leaving.set(id, true);
      return true;
    }
    async enable(id: string) {
      return change(id, { disabledAt: null });
    }
    async forget(id: string) {
      const account = accounts.get(id);
      endSessions(sessionsOf(id));
      forgetDevices(id);
      forgetFactors(id);
      accounts.delete(id);
      return account;
    }
  }

  class InMemoryAdministration extends Administration {
    async search({ email = '', state, role, cursor, limit }: AccountSearch) {
      return [...accounts.values()]
        .filter((account) => account.email.startsWith(email) && (role === undefined || account.roles.includes(role)))
        .filter(({ disabledAt }) => state === undefined || (disabledAt === null) === (state === 'active'))
        .filter(({ id }) => cursor === undefined || id < cursor)
        .sort((one, other) => (one.id < other.id ? 1 : -1))
        .slice(0, limit)
        .map(({ passwordHash: _, ...account }) => account);
    }
    async changeRoles(id: string, { grant, take }: RoleChange) {
      const account = accounts.get(id);
      if (!account) return 'unknown' as const;
      if (take.includes('admin') && isLastAdministrator(id)) return 'last administrator' as const;
      const roles = changedRoles(account.roles, grant, take);
      change(id, { roles });
      endings.tellDoubted(sessionsOf(id).map((session) => session.id));
      return roles;
    }
    async endSessions(id: string) {
      endSessions(sessionsOf(id));
      return accounts.has(id);
    }
    async requireNewPassword(id: string) {
      endSessions(sessionsOf(id));
      return change(id, { oneTimePassword: true });
    }
  }

  class InMemorySessions extends Sessions {
    async open(session: Session & SessionOrigin, passwordHash: string) {
      const account = accounts.get(session.accountId);
      if (account?.passwordHash !== passwordHash || account.disabledAt) return undefined;
      const now = clock.now();
      const refreshToken = randomUUID();
      sessions.set(session.id, { ...session, startedAt: now, lastUsedAt: now, refreshToken, spent: new Set() });
      endBeyondBound(session.accountId);
      return { refreshToken };
    }
    async rotate(refreshToken: string, origin?: SessionOrigin): Promise<Rotation> {
      const continued = [...sessions.values()].find(({ previous }) => previous?.token === refreshToken);
      if (continued?.previous && continued.previous.until > clock.now() && isAlive(continued))
        return this.#rotated(continued);
      const current = [...sessions.values()].find(
        (session) => session.refreshToken === refreshToken && isAlive(session),
      );
      if (!current) {
        const reused = [...sessions.values()].find(({ spent }) => spent.has(refreshToken));
        if (!reused) return { outcome: 'unknown' };
        endSessions([reused]);
        return { outcome: 'reused', sessionId: reused.id, accountId: reused.accountId };
      }
      const next: Held = {
        ...current,
        refreshToken: randomUUID(),
        previous: { token: refreshToken, until: new Date(clock.now().getTime() + lifetimes.grace) },
        spent: new Set([...current.spent, refreshToken]),
        lastUsedAt: clock.now(),
        network: origin?.network ?? current.network,
        userAgent: origin?.userAgent ?? current.userAgent,
      };
      sessions.set(next.id, next);
      return this.#rotated(next);
    }
    #rotated(held: Held): Rotation {
      return { outcome: 'rotated', session: this.#today(held), refreshToken: held.refreshToken };
    }
    #today({ id, accountId, authenticatedAt, amr }: Held): Session {
      const { roles = [], emailVerifiedAt } = accounts.get(accountId) ?? {};
      return { id, accountId, roles, authenticatedAt, amr, emailVerified: Boolean(emailVerifiedAt) };
    }
    #living(id: string, accountId: string): Held | undefined {
      const session = sessions.get(id);
      return session?.accountId === accountId && isAlive(session) ? session : undefined;
    }
    async confirm(id: string, accountId: string, amr: readonly string[]) {
      const session = this.#living(id, accountId);
      if (!session) return undefined;
      const methods = [...new Set([...session.amr, ...amr])].sort();
      const confirmed = { ...session, authenticatedAt: clock.now(), amr: methods };
      sessions.set(id, confirmed);
      return this.#today(confirmed);
    }
    async endById(id: string, accountId: string) {
      const session = sessions.get(id);
      if (session?.accountId !== accountId) return false;
      endSessions([session]);
      return true;
    }
    async endOthers(id: string, accountId: string) {
      endSessions(sessionsOf(accountId).filter((session) => session.id !== id));
    }
    async end(refreshToken: string) {
      const session = [...sessions.values()].find(
        (held) => held.refreshToken === refreshToken || held.spent.has(refreshToken),
      );
      if (!session) return undefined;
      endSessions([session]);
      return { sessionId: session.id, accountId: session.accountId };
    }
    async isLive(id: string, claimed?: { userId: string; roles: readonly string[] }) {
      if (machines.some((isLive) => isLive(id, claimed))) return true;
      const session = sessions.get(id);
      if (session === undefined || !isAlive(session)) return false;
      const roles: readonly string[] = accounts.get(session.accountId)?.roles ?? [];
      return !claimed || (claimed.userId === session.accountId && claimed.roles.every((role) => roles.includes(role)));
    }
    async authenticatedAt(id: string, accountId: string) {
      return this.#living(id, accountId)?.authenticatedAt;
    }
    async list(accountId: string, { after = '', limit }: { after?: string | undefined; limit: number }) {
      return sessionsOf(accountId)
        .filter((session) => isAlive(session) && session.id > after)
        .sort((one, other) => (one.id < other.id ? -1 : 1))
        .slice(0, limit)
        .map(({ id, startedAt, lastUsedAt, authenticatedAt, network, userAgent, applicationId }) => {
          const application =
            applicationId === undefined ? null : { id: applicationId, name: applicationName(applicationId) };
          return { id, startedAt, lastUsedAt, authenticatedAt, network, userAgent, application };
        });
    }
    async prune() {
      for (const [id, session] of sessions) if (!isAlive(session)) sessions.delete(id);
    }
  }

  class InMemoryDevices extends Devices {
    async isOnly(accountId: string) {
      return devicesOf(accountId).length <= 1;
    }
    async remember({ id, accountId }: Session, token: string | undefined) {
      if (!sessions.has(id)) return undefined;
      const known = token !== undefined && devices.get(token)?.accountId === accountId ? token : randomUUID();
      devices.set(known, { accountId, lastUsedAt: clock.now() });
      forgetDevices(accountId, devicesPerAccount);
      return known;
    }
    async prune() {
      for (const [token, { lastUsedAt }] of devices)
        if (+lastUsedAt + deviceIdle <= +clock.now()) devices.delete(token);
    }
  }

  return {
    transaction: inMemoryTransaction(),
    accounts: new InMemoryAccounts(),
    sessions: new InMemorySessions(),
    administration: new InMemoryAdministration(),
    devices: new InMemoryDevices(),
    totpSecrets,
    factors,
    endings,
    outbox: new InMemoryOutbox(),
    /** Tell of an id whether it is that of a machine, as which it is live. */
    machines,
    /** Tell the name of an application. */
    applicationNames,
    /** The sessions that applications hold. */
    held: {
      open(authorization: Authorization): boolean {
        const account = accounts.get(authorization.accountId);
        if (!account || account.disabledAt) return false;
        const now = clock.now();
        const fresh = { roles: [], startedAt: now, refreshToken: randomUUID(), spent: new Set<string>() };
        sessions.set(authorization.id, {
          ...fresh,
          ...sessions.get(authorization.id),
          ...authorization,
          lastUsedAt: now,
        });
        endBeyondBound(account.id);
        return true;
      },
      use(id: string, origin: SessionOrigin): void {
        const session = sessions.get(id);
        if (session) sessions.set(id, { ...session, ...origin, lastUsedAt: clock.now() });
      },
      end(chosen: (session: Held) => boolean): number {
        const ended = [...sessions.values()].filter(chosen);
        endSessions(ended);
        return ended.length;
      },
    },
    /** Tells whether there is such a session, or such an account. */
    exists: (id: string): boolean => sessions.has(id) || accounts.has(id),
  };
}
