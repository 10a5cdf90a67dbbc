import type { Handler } from '#platform/contract.ts';
import { pageOf } from '#platform/pages.ts';
import type { AuthApi } from '../contract.ts';
import type { Administration, KnownAccount } from '../domain/administration.ts';

export function searchAccounts(administration: Administration): Handler<typeof AuthApi, 'searchAccounts'> {
  return async ({ limit, ...wanted }) => {
    const found = await administration.search({ ...wanted, limit: limit + 1 });
    return pageOf(limit, found.map(describedAccount), ({ userId }) => userId);
  };
}

/** An account in the words of the contract. */
export const describedAccount = ({
  id,
  email,
  name,
  roles,
  registeredAt,
  disabledAt,
  oneTimePassword,
}: KnownAccount) => ({
  userId: id,
  email,
  name,
  roles: [...roles],
  registeredAt: registeredAt.toISOString(),
  disabledAt: disabledAt?.toISOString() ?? null,
  mustChangePassword: oneTimePassword,
});
