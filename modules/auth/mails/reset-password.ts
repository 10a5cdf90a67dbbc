// ADR 0111
import { z } from 'zod';
import { type Compose, mail } from '#platform/mail.ts';
import { EmailAddress } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import { type EmailCodes, proofLifetime } from '../domain/email-codes.ts';
import type { Shop } from '../domain/shop.ts';
import { english } from './english.ts';
import { letterTo } from './letter.ts';

/** For an address that may have no account: only when it is composed somebody looks. */
export const resetPassword = mail('auth.reset-password', z.object({ email: EmailAddress }), {
  purpose: 'recovering forgotten passwords',
  usefulFor: 2 * proofLifetime.reset,
});

export function resetPasswordMail(accounts: Accounts, codes: EmailCodes, shop: Shop): Compose<typeof resetPassword> {
  return async ({ email }) => {
    const account = await accounts.findByEmail(email);
    if (!account || account.disabledAt) return undefined;
    const { token } = await codes.issue('reset', { accountId: account.id, email });
    const url = `${shop.url}/account/reset?token=${token}`;
    return letterTo(email, shop, english.resetPassword(shop, url), account.id);
  };
}
