import type { Handler } from '#platform/contract.ts';
import type { AuthApi } from '../contract.ts';
import type { Identities } from '../domain/identities.ts';

/** The most that are told: nobody has more. */
const most = 100;

export const listIdentities =
  (identities: Identities): Handler<typeof AuthApi, 'listIdentities'> =>
  async ({ userId }) => ({
    data: (await identities.of(userId)).slice(0, most).map(({ id, provider, email, connectedAt }) => ({
      id,
      provider,
      ...(email !== undefined && { email }),
      connectedAt: connectedAt.toISOString(),
    })),
  });
