// ADR 0111
import { z } from 'zod';
import { type Compose, mail } from '#platform/mail.ts';
import { EmailAddress } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import { type EmailCodes, proofLifetime } from '../domain/email-codes.ts';
import type { Shop } from '../domain/shop.ts';
import { english } from './english.ts';
import { letterTo } from './letter.ts';

/** To the new address, which confirms the change. */
export const changeAddress = mail('auth.change-address', z.object({ accountId: z.uuid(), email: EmailAddress }), {
  purpose: 'changing e-mail addresses',
  usefulFor: proofLifetime.change,
});

export function changeAddressMail(accounts: Accounts, codes: EmailCodes, shop: Shop): Compose<typeof changeAddress> {
  return async ({ accountId, email }) => {
    const account = await accounts.find(accountId);
    if (!account || account.disabledAt || account.email === email) return undefined;
    const owner = await accounts.findByEmail(email);
    if (owner) return letterTo(email, shop, english.addressAlreadyUsed(shop), owner.id);
    const { token } = await codes.issue('change', { accountId, email });
    return letterTo(email, shop, english.changeAddress(shop, `${shop.url}/account/verify?change=${token}`));
  };
}

/** To the address that the account has. */
export const changeAsked = mail('auth.change-asked', z.object({ accountId: z.uuid(), newEmail: EmailAddress }), {
  purpose: 'changing e-mail addresses',
  usefulFor: proofLifetime.change,
});

export function changeAskedMail(accounts: Accounts, shop: Shop): Compose<typeof changeAsked> {
  return async ({ accountId, newEmail }) => {
    const account = await accounts.find(accountId);
    return account && account.email !== newEmail
      ? letterTo(account.email, shop, english.changeAsked(shop, newEmail))
      : undefined;
  };
}
