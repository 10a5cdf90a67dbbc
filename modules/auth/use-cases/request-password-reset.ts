// ADR 0020, ADR 0111
import { v7 as uuid } from 'uuid';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Mail } from '#platform/mail.ts';
import { networkOf } from '#platform/network.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { AuthApi } from '../contract.ts';
import type { Limits } from '../domain/limits.ts';
import type { Throttle } from '../domain/throttle.ts';
import { resetPassword } from '../mails/reset-password.ts';
import { requireNoDelay } from './require-no-delay.ts';

/**
 * Nobody looks whether there is an account, so answer and time cannot tell. An address that gets too many mails gets no more
 * for a while, whether it has an account or not.
 */
export function requestPasswordReset(
  transaction: Transaction,
  mails: Mail,
  throttle: Throttle,
  limits: Limits,
  logger: Logger,
): Handler<typeof AuthApi, 'requestPasswordReset'> {
  return async ({ email, address }) => {
    requireNoDelay(await throttle.reserve([limits.mailsFrom(networkOf(address))]), logger);
    if ((await throttle.reserve([limits.mailsTo(email)])) > 0) return {};
    await transaction(async () => mails.add(resetPassword, uuid(), { email }));
    return {};
  };
}
