/** The suite of guesses that are made in parallel. The hasher counts what it computed. */
import { v7 as uuid } from 'uuid';
import { expect, it } from 'vitest';
import type { Clock } from '#platform/clock.ts';
import { InMemoryAudit } from '#platform/in-memory-audit.ts';
import { InMemoryMail } from '#platform/in-memory-mail.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { AccessTokens } from '../domain/access-tokens.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Devices } from '../domain/devices.ts';
import type { Factors } from '../domain/factors.ts';
import { Limits } from '../domain/limits.ts';
import { PasswordRules } from '../domain/password-rules.ts';
import type { Sessions } from '../domain/sessions.ts';
import type { Throttle } from '../domain/throttle.ts';
import type { TotpSecrets } from '../domain/totp-secrets.ts';
import { oneTimeCodes } from '../security/one-time-codes.ts';
import { authenticate } from '../use-cases/authenticate.ts';
import { changePassword } from '../use-cases/change-password.ts';
import { confirmFactor } from '../use-cases/confirm-factor.ts';
import { logIn } from '../use-cases/log-in.ts';
import type { RememberDevice } from '../use-cases/remember-device.ts';
import { anAccount, anyContext, goodPassword, KeptLogger } from './accounts.ts';
import { QuickPasswords } from './quick-passwords.ts';

interface GuessedPorts {
  accounts: Accounts;
  sessions: Sessions;
  devices: Devices;
  throttle: Throttle;
  totpSecrets: TotpSecrets;
  factors: Factors;
  clock: Clock;
  transaction: Transaction;
}

const failuresPerAccount = 5;
/** The one that goes beyond what is free is computed too, and makes the next one wait. */
const computed = failuresPerAccount + 1;
const many = 10_000;
const allowance = {
  failuresPerAccount,
  failuresPerAddress: many,
  loginsPerAccount: many,
  loginsPerAddress: many,
  registrationsPerAddress: many,
  mailsPerRecipient: many,
  mailsPerAddress: many,
};
const tokens = { issue: async () => ({ accessToken: '', expiresIn: 900 }) } as unknown as AccessTokens;

export function guessesAtOnceSuite(make: () => GuessedPorts): void {
  async function setUp() {
    const { transaction, accounts, sessions, devices, throttle, totpSecrets, factors, clock } = make();
    const audit = new InMemoryAudit();
    const mails = new InMemoryMail();
    const hasher = new QuickPasswords();
    const logger = new KeptLogger();
    const limits = new Limits(allowance);
    const rules = new PasswordRules(15, { includes: () => false });
    const account = anAccount();
    await accounts.add(account);
    const confirm = confirmFactor(totpSecrets, factors, oneTimeCodes('Fissile'), throttle, limits, clock, logger);
    const prove = authenticate(
      accounts,
      rules,
      hasher,
      throttle,
      limits,
      confirm,
      async () => {},
      transaction,
      audit,
      async () => {},
      mails,
      clock,
      logger,
    );
    const remember: RememberDevice = (session, _, token) => devices.remember(session, token);
    const login = logIn(prove, sessions, remember, tokens, transaction, audit, clock, logger);
    const change = changePassword(transaction, accounts, rules, hasher, throttle, limits, audit, mails, clock, logger);
    const answerOf = (work: Promise<unknown>) =>
      work.then(
        () => 'in',
        ({ code, retryAfter }) => `${code} ${retryAfter}`,
      );
    return {
      hasher,
      logIn: (password: string, host = 1, email = account.email) =>
        answerOf(login({ email, password, address: `2001:db8:0:${host}::1` }, anyContext)),
      change: (currentPassword: string) =>
        answerOf(
          change(
            { userId: account.id, sessionId: uuid(), currentPassword, newPassword: 'another good password' },
            anyContext,
          ),
        ),
    };
  }
  const count = (answers: string[], answer: RegExp) => answers.filter((one) => answer.test(one)).length;
  const guesses = Array.from({ length: 120 }, (_, index) => `a wrong guess ${index}`);

  it('S26 S38 computes no more of them than are allowed, from however many networks they come', async () => {
    const { logIn, hasher } = await setUp();
    const answers = await Promise.all(guesses.map((guess, host) => logIn(guess, host)));
    expect(hasher.work).toBe(computed);
    expect([count(answers, /wrong-credentials/), count(answers, /too-many-attempts 1$/)]).toEqual([
      computed,
      120 - computed,
    ]);
  });

  it('S25 S38 does so for an address without an account too', async () => {
    const { logIn, hasher } = await setUp();
    const nobody = `${uuid()}@example.com`;
    const answers = await Promise.all(guesses.map((guess, host) => logIn(guess, host, nobody)));
    expect([hasher.work, count(answers, /too-many-attempts 1$/)]).toEqual([computed, 120 - computed]);
  });

  it('S38 answers the right password like the wrong ones while the account is blocked', async () => {
    const { logIn, hasher } = await setUp();
    const [wrong, right] = [guesses.map((guess) => logIn(guess)), logIn(goodPassword)];
    expect(await right).toMatch(/too-many-attempts 1$/);
    await Promise.all(wrong);
    expect(await logIn(goodPassword)).toMatch(/too-many-attempts 1$/);
    expect(hasher.work).toBe(computed);
  });

  it('S38 holds for the current password', async () => {
    const { change, hasher } = await setUp();
    const [wrong, right] = [guesses.map((guess) => change(guess)), change(goodPassword)];
    expect(await right).toMatch(/too-many-attempts 1$/);
    expect(count(await Promise.all(wrong), /wrong-credentials/)).toBe(computed);
    expect(hasher.work).toBe(computed);
  });
}
