import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Identities } from '../domain/identities.ts';

/** Nobody is locked out by it: the account has an address, to which a new password can be sent. */
export function disconnectIdentity(
  transaction: Transaction,
  identities: Identities,
  audit: Audit,
): Handler<typeof AuthApi, 'disconnectIdentity'> {
  const recorded = recordedActs(transaction, audit);
  return ({ userId, identityId }) =>
    recorded({ act: 'auth.disconnect-identity', target: userId }, async () => {
      if (!(await identities.remove(identityId, userId))) throw AuthErrors.identityNotFound();
      return {};
    });
}
