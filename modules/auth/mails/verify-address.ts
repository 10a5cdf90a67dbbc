// ADR 0111
import { z } from 'zod';
import { type Compose, mail } from '#platform/mail.ts';
import { EmailAddress } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { EmailCodes } from '../domain/email-codes.ts';
import { proofLifetime } from '../domain/email-codes.ts';
import type { Shop } from '../domain/shop.ts';
import { english } from './english.ts';
import { letterTo } from './letter.ts';

/** After a registration, whether it opened an account or not, and on demand. */
export const verifyAddress = mail('auth.verify-address', z.object({ accountId: z.uuid(), email: EmailAddress }), {
  purpose: 'verifying e-mail addresses',
  usefulFor: proofLifetime.verify,
});

/** To the owner of the account; where the address was taken, to who has it already; otherwise to nobody. */
export function verifyAddressMail(accounts: Accounts, codes: EmailCodes, shop: Shop): Compose<typeof verifyAddress> {
  return async ({ accountId, email }) => {
    const account = await accounts.find(accountId);
    if (!account) {
      const taken = await accounts.findByEmail(email);
      return taken && !taken.disabledAt ? letterTo(email, shop, english.addressTaken(shop), taken.id) : undefined;
    }
    if (account.emailVerifiedAt || account.disabledAt || account.email !== email) return undefined;
    const { token, code } = await codes.issue('verify', { accountId, email });
    const url = `${shop.url}/account/verify?token=${token}`;
    return letterTo(email, shop, english.verifyAddress(shop, url, code));
  };
}
