import type { Handler } from '#platform/contract.ts';
import { wholeOrPage } from '#platform/pages.ts';
import type { AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Identities } from '../domain/identities.ts';
import type { Consents } from '../domain/consents.ts';
import type { Sessions } from '../domain/sessions.ts';
import { describedSession } from './list-sessions.ts';
import { listIdentities } from './list-identities.ts';

/** Knows nothing of a stranger, or of somebody who was erased. */
export function exportPersonalData(
  accounts: Accounts,
  sessions: Sessions,
  identities: Identities,
  consents: Consents,
): Handler<typeof AuthApi, 'exportPersonalData'> {
  const connected = listIdentities(identities);
  return async ({ userId, cursor, limit }, context) => {
    const account = await accounts.find(userId);
    if (!account) return { roles: [], sessions: [], nextCursor: null };
    const { email, emailVerifiedAt, name, roles, registeredAt } = account;
    const ofStaff = roles.filter((role) => role !== 'customer' && role !== 'admin');
    const allowed = cursor === undefined ? await consents.list(userId) : [];
    const { data, nextCursor } = await wholeOrPage(
      limit,
      (most) => sessions.list(userId, { after: cursor, limit: most }),
      ({ id }) => id,
    );
    const elsewhere = cursor === undefined ? (await connected({ userId }, context)).data : [];
    return {
      email,
      emailVerifiedAt: emailVerifiedAt?.toISOString() ?? null,
      name,
      roles: roles.filter((role) => role === 'customer' || role === 'admin'),
      ...(ofStaff.length > 0 && { staff: { roles: ofStaff } }),
      registeredAt: registeredAt.toISOString(),
      sessions: data.map(({ id: _, ...session }) => describedSession(session)),
      ...(elsewhere.length > 0 && { connected: { identities: elsewhere } }),
      ...(allowed.length > 0 && {
        allowed: {
          consents: allowed.map(({ name, scopes, givenAt }) => ({
            application: name,
            scopes: [...scopes],
            givenAt: givenAt.toISOString(),
          })),
        },
      }),
      nextCursor,
    };
  };
}
