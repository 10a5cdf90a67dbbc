/** Applications, consents and what applications hold, in memory. */
import type { Clock } from '#platform/clock.ts';
import { InMemoryTable } from '#platform/in-memory-transaction.ts';
import { type Application, Applications } from '../domain/applications.ts';
import { type Authorization, Authorizations } from '../domain/authorizations.ts';
import { type Consent, Consents } from '../domain/consents.ts';
import type { SessionOrigin } from '../domain/sessions.ts';
import type { inMemoryIdentity } from './in-memory-identity.ts';

type Identity = Pick<
  ReturnType<typeof inMemoryIdentity>,
  'held' | 'endings' | 'exists' | 'machines' | 'applicationNames'
>;
interface Secret {
  readonly hash: Buffer;
  readonly applicationId: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
}

const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);

export function inMemoryApplications(clock: Clock, { held, endings, exists, machines, applicationNames }: Identity) {
  const applications = new InMemoryTable<string, Application>();
  const secrets = new InMemoryTable<string, Secret>();
  const consents = new InMemoryTable<string, Consent>();
  const pair = (accountId: string, applicationId: string) => `${accountId} ${applicationId}`;

  applicationNames.push((id) => applications.get(id)?.name);
  machines.push((id, { userId, roles } = { userId: id, roles: [] }) => {
    const machine = applications.get(id);
    if (machine?.kind !== 'machine' || machine.disabledAt || userId !== id) return false;
    const has: readonly string[] = machine.roles;
    return roles.every((role) => has.includes(role));
  });

  function endSessionsOf(id: string): void {
    held.end(({ applicationId }) => applicationId === id);
    endings.tell([id]);
  }

  class InMemoryApplications extends Applications {
    async add(application: Application) {
      applications.set(application.id, application);
    }
    async find(id: string) {
      return applications.get(id);
    }
    async list({ after = '', limit }: { after?: string | undefined; limit: number }) {
      return [...applications.values()]
        .filter(({ id }) => id > after)
        .sort(byId)
        .slice(0, limit);
    }
    async replace(application: Application) {
      const before = applications.get(application.id);
      if (!before) return false;
      applications.set(application.id, application);
      if (application.disabledAt || String(before.roles) !== String(application.roles)) endSessionsOf(application.id);
      return true;
    }
    async remove(id: string) {
      if (!applications.delete(id)) return false;
      endSessionsOf(id);
      for (const [hash, secret] of secrets) if (secret.applicationId === id) secrets.delete(hash);
      for (const [key, consent] of consents) if (consent.applicationId === id) consents.delete(key);
      return true;
    }
    async addSecret(applicationId: string, hash: Buffer, createdAt: Date, othersUntil: Date) {
      if (!applications.has(applicationId)) return false;
      for (const [key, secret] of secrets) {
        if (secret.applicationId !== applicationId) continue;
        const expiresAt = secret.expiresAt && secret.expiresAt < othersUntil ? secret.expiresAt : othersUntil;
        secrets.set(key, { ...secret, expiresAt });
      }
      secrets.set(hash.toString('hex'), { hash, applicationId, createdAt, expiresAt: null });
      return true;
    }
    async secrets(id: string) {
      return [...secrets.values()]
        .filter(({ applicationId, expiresAt }) => applicationId === id && (!expiresAt || expiresAt > clock.now()))
        .sort((one, other) => +other.createdAt - +one.createdAt || one.hash.compare(other.hash))
        .map(({ hash, expiresAt }) => ({ hash, expiresAt }));
    }
    async prune() {
      for (const [key, { expiresAt }] of secrets) if (expiresAt && expiresAt <= clock.now()) secrets.delete(key);
    }
  }

  class InMemoryConsents extends Consents {
    async give({ accountId, applicationId, scopes, givenAt }: Consent) {
      const before = consents.get(pair(accountId, applicationId))?.scopes ?? [];
      const all = [...new Set([...before, ...scopes])].sort();
      consents.set(pair(accountId, applicationId), { accountId, applicationId, scopes: all, givenAt });
    }
    async find(accountId: string, applicationId: string) {
      return exists(accountId) ? consents.get(pair(accountId, applicationId)) : undefined;
    }
    async list(accountId: string) {
      return [...consents.values()]
        .filter((consent) => consent.accountId === accountId)
        .sort((one, other) => +other.givenAt - +one.givenAt || (one.applicationId < other.applicationId ? -1 : 1))
        .map((consent) => ({ ...consent, name: applications.get(consent.applicationId)?.name ?? '' }));
    }
    async revoke(accountId: string, applicationId: string) {
      const ended = held.end((session) => session.accountId === accountId && session.applicationId === applicationId);
      return consents.delete(pair(accountId, applicationId)) || ended > 0;
    }
  }

  class InMemoryAuthorizations extends Authorizations {
    async open(authorization: Authorization) {
      const application = applications.get(authorization.applicationId);
      return application !== undefined && !application.disabledAt && held.open(authorization);
    }
    async use(id: string, origin: SessionOrigin) {
      held.use(id, origin);
    }
    async end(id: string) {
      held.end((session) => session.id === id);
    }
  }

  return {
    applications: new InMemoryApplications(),
    consents: new InMemoryConsents(),
    authorizations: new InMemoryAuthorizations(),
  };
}
