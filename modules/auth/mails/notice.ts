// ADR 0111
import { z } from 'zod';
import { currentContext } from '#platform/context.ts';
import type { Clock } from '#platform/clock.ts';
import { type Compose, type Mail, mail } from '#platform/mail.ts';
import { EmailAddress } from '../contract.ts';
import type { Account } from '../domain/account.ts';
import type { Shop } from '../domain/shop.ts';
import { english, type Notice } from './english.ts';
import { letterTo } from './letter.ts';

/** Word of what matters, to the address that the account had then. */
export const notice = mail(
  'auth.notice',
  z.object({
    email: EmailAddress,
    notice: z.enum(['new-device', 'password-changed', 'email-changed', 'factor-added', 'factor-removed']),
    at: z.iso.datetime(),
    network: z.string().nullable(),
    userAgent: z.string().nullable(),
  }),
  { purpose: 'telling people what happened to their accounts', usefulFor: 3 * 24 * 60 * 60_000 },
);

export const noticeMail =
  (shop: Shop): Compose<typeof notice> =>
  async ({ email, notice: what, ...occasion }) =>
    letterTo(email, shop, english.notice(shop, what, occasion));

/** Adds it in the transaction that changed the account; when and from where come from the clock and the request. */
export function tellOwner(mails: Mail, clock: Clock, { id, email }: Pick<Account, 'id' | 'email'>, what: Notice): void {
  const { network = null, userAgent = null } = currentContext()?.origin ?? {};
  mails.add(notice, id, { email, notice: what, at: clock.now().toISOString(), network, userAgent });
}
