import { InMemoryAudit } from '#platform/in-memory-audit.ts';
import { InMemoryMail } from '#platform/in-memory-mail.ts';
import type { Compose, Message } from '#platform/mail.ts';
import { AccessTokens } from '../domain/access-tokens.ts';
import { type Allowance, Limits } from '../domain/limits.ts';
import { PasswordRules } from '../domain/password-rules.ts';
import type { Session } from '../domain/sessions.ts';
import { changeAddressMail, changeAskedMail } from '../mails/change-address.ts';
import { noticeMail } from '../mails/notice.ts';
import { resetPasswordMail } from '../mails/reset-password.ts';
import { verifyAddressMail } from '../mails/verify-address.ts';
import { oneTimeCodes } from '../security/one-time-codes.ts';
import { allowErasure } from '../use-cases/allow-erasure.ts';
import { authenticate } from '../use-cases/authenticate.ts';
import { changeRoles } from '../use-cases/change-roles.ts';
import { endSessionsOf } from '../use-cases/end-sessions-of.ts';
import { getAccount } from '../use-cases/get-account.ts';
import { recordFailedLogIn } from '../use-cases/record-failed-log-in.ts';
import { removeFactors } from '../use-cases/remove-factors.ts';
import { requireNewPassword } from '../use-cases/require-new-password.ts';
import { searchAccounts } from '../use-cases/search-accounts.ts';
import { changePassword } from '../use-cases/change-password.ts';
import { confirmEmailChange } from '../use-cases/confirm-email-change.ts';
import { confirmFactor } from '../use-cases/confirm-factor.ts';
import { disableAccount } from '../use-cases/disable-account.ts';
import { endOtherSessions } from '../use-cases/end-other-sessions.ts';
import { endSession } from '../use-cases/end-session.ts';
import { isSessionLive } from '../use-cases/is-session-live.ts';
import { listSessions } from '../use-cases/list-sessions.ts';
import { logIn } from '../use-cases/log-in.ts';
import { logOut } from '../use-cases/log-out.ts';
import { refresh } from '../use-cases/refresh.ts';
import { register } from '../use-cases/register.ts';
import { stepUp } from '../use-cases/step-up.ts';
import { rememberDevice } from '../use-cases/remember-device.ts';
import { requestEmailChange } from '../use-cases/request-email-change.ts';
import { requestEmailVerification } from '../use-cases/request-email-verification.ts';
import { requestPasswordReset } from '../use-cases/request-password-reset.ts';
import { requireVerified } from '../use-cases/require-verified.ts';
import { resetPassword } from '../use-cases/reset-password.ts';
import { verifyEmail, verifyEmailByCode } from '../use-cases/verify-email.ts';
import { anyContext, goodPassword, KeptLogger, lifetimes, SteppedClock } from './accounts.ts';
import { inMemoryApplications } from './in-memory-applications.ts';
import { InMemoryEmailCodes } from './in-memory-email-codes.ts';
import { inMemoryIdentity } from './in-memory-identity.ts';
import { InMemoryThrottle } from './in-memory-throttle.ts';
import { QuickPasswords } from './quick-passwords.ts';

/** Readable tokens instead of signed ones. */
class PlainTokens extends AccessTokens {
  async issue({ accountId, id, roles }: Session) {
    return { accessToken: [accountId, id, ...roles].join(' '), expiresIn: 900 };
  }
  async publicKeys() {
    return [];
  }
  async privateKeys() {
    return [];
  }
  async read() {
    return undefined;
  }
  async renewKeys() {}
}

export const usualAllowance: Allowance = {
  failuresPerAccount: 3,
  failuresPerAddress: 6,
  loginsPerAccount: 50,
  loginsPerAddress: 50,
  registrationsPerAddress: 50,
  mailsPerRecipient: 50,
  mailsPerAddress: 50,
};

/** The use cases over one memory. */
export function inMemoryAuth(
  allowance: Partial<Allowance> = {},
  { unverifiedMay = 'everything' }: { unverifiedMay?: 'everything' | 'nothing' } = {},
) {
  const clock = new SteppedClock();
  const hasher = new QuickPasswords();
  const throttle = new InMemoryThrottle(clock);
  const limits = new Limits({ ...usualAllowance, ...allowance });
  const rules = new PasswordRules(15, { includes: (password) => password === 'passwordpassword' }, ['fissile']);
  const administrator = { email: 'root@example.com', password: undefined };
  const logger = new KeptLogger();
  const tokens = new PlainTokens();
  const identity = inMemoryIdentity(clock, lifetimes);
  const { transaction, accounts, administration, sessions, devices, totpSecrets, factors, endings, outbox } = identity;
  const codes = oneTimeCodes('Fissile');
  const confirm = confirmFactor(totpSecrets, factors, codes, throttle, limits, clock, logger);
  const mails = new InMemoryMail();
  const audit = new InMemoryAudit();
  const failure = recordFailedLogIn(transaction, audit, clock);
  const emailCodes = new InMemoryEmailCodes(clock);
  const verified = requireVerified({ UNVERIFIED_MAY: unverifiedMay }, transaction, mails, throttle, limits, logger);
  const prove = authenticate(
    accounts,
    rules,
    hasher,
    throttle,
    limits,
    confirm,
    verified,
    transaction,
    audit,
    failure,
    mails,
    clock,
    logger,
  );
  const remember = rememberDevice(transaction, devices, mails, throttle, limits, clock);

  const useCases = {
    register: register(
      transaction,
      accounts,
      outbox,
      mails,
      administrator,
      rules,
      hasher,
      throttle,
      limits,
      clock,
      logger,
    ),
    logIn: logIn(prove, sessions, remember, tokens, transaction, audit, clock, logger),
    refresh: refresh(transaction, sessions, tokens, audit, logger),
    logOut: logOut(transaction, sessions, audit, logger),
    requestEmailVerification: requestEmailVerification(transaction, accounts, mails, throttle, limits, logger),
    verifyEmail: verifyEmail(transaction, accounts, emailCodes, outbox, audit, clock, logger),
    verifyEmailByCode: verifyEmailByCode(
      transaction,
      accounts,
      emailCodes,
      throttle,
      limits,
      outbox,
      audit,
      clock,
      logger,
    ),
    requestEmailChange: requestEmailChange(transaction, accounts, mails, hasher, throttle, limits, clock, logger),
    confirmEmailChange: confirmEmailChange(transaction, accounts, emailCodes, mails, outbox, audit, clock, logger),
    requestPasswordReset: requestPasswordReset(transaction, mails, throttle, limits, logger),
    resetPassword: resetPassword(
      transaction,
      accounts,
      emailCodes,
      rules,
      hasher,
      throttle,
      limits,
      mails,
      outbox,
      audit,
      clock,
      logger,
    ),
    changePassword: changePassword(transaction, accounts, rules, hasher, throttle, limits, audit, mails, clock, logger),
    allowErasure: allowErasure(accounts, sessions, hasher, throttle, limits, clock, logger),
    disableAccount: disableAccount(transaction, accounts, audit, clock, logger),
    isSessionLive: isSessionLive(sessions),
    stepUp: stepUp(accounts, sessions, hasher, throttle, limits, tokens, logger),
    listSessions: listSessions(sessions),
    endSession: endSession(transaction, sessions, audit, logger),
    endOtherSessions: endOtherSessions(transaction, sessions, audit, logger),
    searchAccounts: searchAccounts(administration),
    getAccount: getAccount(accounts, sessions, factors),
    changeRoles: changeRoles(transaction, administration, audit, logger),
    endSessionsOf: endSessionsOf(transaction, administration, audit, logger),
    requireNewPassword: requireNewPassword(transaction, administration, audit, logger),
    removeFactors: removeFactors(transaction, accounts, factors, audit, logger),
  };
  const home = '192.0.2.1';
  const shop = { name: 'Highbury', colour: '#0b57d0', url: 'https://shop.example' };
  const composers: Readonly<Record<string, Compose<never>>> = {
    'auth.verify-address': verifyAddressMail(accounts, emailCodes, shop),
    'auth.change-address': changeAddressMail(accounts, emailCodes, shop),
    'auth.change-asked': changeAskedMail(accounts, shop),
    'auth.reset-password': resetPasswordMail(accounts, emailCodes, shop),
    'auth.notice': noticeMail(shop),
  };
  return {
    clock,
    hasher,
    throttle,
    rules,
    logger,
    transaction,
    accounts,
    administration,
    audit,
    sessions,
    devices,
    totpSecrets,
    factors,
    codes,
    endings,
    outbox,
    ...inMemoryApplications(clock, identity),
    mails,
    emailCodes,
    useCases,

    /** Composes the mails that were added since, as the sender would. */
    async post(): Promise<Message[]> {
      const added = mails.mails.splice(0);
      const messages: (Message | undefined)[] = [];
      for (const { name, data } of added) messages.push(await transaction(() => composers[name]!(data as never)));
      return messages.filter((message) => message !== undefined);
    },

    register: (email: string, fields: { password?: string; address?: string } = {}) =>
      useCases.register({ email, password: goodPassword, name: 'Ada', address: home, ...fields }, anyContext),

    logIn: (
      email: string,
      fields: {
        password?: string;
        address?: string;
        deviceToken?: string;
        newPassword?: string;
        code?: string;
      } = {},
    ) => useCases.logIn({ email, password: goodPassword, address: home, ...fields }, anyContext),

    refresh: (refreshToken: string) => useCases.refresh({ refreshToken }, anyContext),

    changePassword: (fields: { userId: string; sessionId: string; currentPassword?: string; newPassword?: string }) =>
      useCases.changePassword(
        { currentPassword: goodPassword, newPassword: 'another good password', ...fields },
        anyContext,
      ),
  };
}

/** The id in a readable token. */
export const sessionIn = ({ accessToken }: { accessToken: string }): string => accessToken.split(' ')[1] ?? '';

/** The token in the link of a mail. */
export const tokenIn = ({ text }: { text: string }): string => /[?&](?:token|change)=([\w-]+)/.exec(text)?.[1] ?? '';
/** The six digits of a mail. */
export const codeIn = ({ text }: { text: string }): string => /^\d{6}$/m.exec(text)?.[0] ?? '';
