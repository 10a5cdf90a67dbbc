// ADR 0080
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import { AuthErrors } from '../contract.ts';
import type { AuthenticationMethod } from '../domain/authentication.ts';
import type { Factors } from '../domain/factors.ts';
import type { Limits } from '../domain/limits.ts';
import { type OneTimeCodes, typedCode } from '../domain/one-time-codes.ts';
import type { Throttle } from '../domain/throttle.ts';
import type { TotpSecrets } from '../domain/totp-secrets.ts';
import { attempt } from './attempt.ts';

/** A second factor as somebody shows it. */
export interface ShownFactor {
  /** A code of the authenticator app, or a recovery code. */
  readonly code: string;
}

/** Uses a second factor of an account up, and returns how it proves its owner. Throws `auth.wrong-code`. `device`: the token of a known one. */
export type ConfirmFactor = (
  accountId: string,
  shown: ShownFactor,
  device?: string,
) => Promise<readonly AuthenticationMethod[]>;
export const ConfirmFactor = class ConfirmFactor {} as unknown as abstract new () => ConfirmFactor;

export function confirmFactor(
  secrets: TotpSecrets,
  factors: Factors,
  codes: OneTimeCodes,
  throttle: Throttle,
  limits: Limits,
  clock: Clock,
  logger: Logger,
): ConfirmFactor {
  async function useTotp(accountId: string, code: string): Promise<boolean> {
    const totp = await secrets.find(accountId);
    if (!totp?.confirmedAt) return false;
    if (totp.secret === undefined) {
      logger.error(
        'The secret of an authenticator app cannot be read: AUTH_KEY_SECRET is not the one it was sealed under.',
        {
          userId: accountId,
        },
      );
      return false;
    }
    const step = codes.stepOf(totp.secret, code, clock.now());
    return step !== undefined && (await secrets.use(accountId, step));
  }

  async function useRecoveryCode(accountId: string, code: string): Promise<boolean> {
    const used = await factors.useRecoveryCode(accountId, code);
    if (used) logger.warn('A recovery code was used.', { userId: accountId });
    return used;
  }

  return async (accountId, shown, device) => {
    const code = typedCode(shown.code);
    const limit = limits.secondFactor(accountId, device);
    const use = /^\d{6}$/.test(code) ? useTotp : useRecoveryCode;
    if (!(await attempt(throttle, [limit], logger, () => use(accountId, code)))) {
      logger.warn('A second factor was wrong.', { userId: accountId });
      throw AuthErrors.wrongCode();
    }
    await throttle.clear(limit);
    return ['otp'];
  };
}
