/** A fresh set of ports for accounts and sessions for each test, and short ways to use them. */
import type { Transaction } from '#platform/transaction.ts';
import type { Account } from '../domain/account.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Administration } from '../domain/administration.ts';
import type { Devices } from '../domain/devices.ts';
import type { Factors } from '../domain/factors.ts';
import type { SessionEndings } from '../domain/session-endings.ts';
import type { SessionLifetimes } from '../domain/session-lifetimes.ts';
import type { Session, SessionOrigin, Sessions } from '../domain/sessions.ts';
import type { TotpSecrets } from '../domain/totp-secrets.ts';
import { anAccount, aSession, day, minute, second, SteppedClock } from './accounts.ts';

export interface IdentityPorts {
  accounts: Accounts;
  administration: Administration;
  sessions: Sessions;
  devices: Devices;
  totpSecrets: TotpSecrets;
  factors: Factors;
  endings: SessionEndings;
  transaction: Transaction;
}

export type MakeIdentity = (clock: SteppedClock, lifetimes: SessionLifetimes) => IdentityPorts;

export const shortLifetimes: SessionLifetimes = {
  access: 15 * minute,
  idle: 10 * day,
  absolute: 25 * day,
  grace: 5 * second,
  perAccount: 4,
};

export function identityUnderTest(make: MakeIdentity) {
  let ports: IdentityPorts;
  let clock: SteppedClock;
  return {
    start(lifetimes = shortLifetimes) {
      clock = new SteppedClock();
      const ended: string[] = [];
      ports = make(clock, lifetimes);
      const doubted: string[] = [];
      ports.endings.onEnded((id) => ended.push(id));
      ports.endings.onDoubted((id) => doubted.push(id));
      return { ...ports, clock, ended, doubted };
    },
    add: async (fields: Partial<Account> = {}) => {
      const account = anAccount(fields);
      return { account, added: await ports.accounts.add(account) };
    },
    open: async (account: Account, fields: Partial<Session & SessionOrigin> = {}) => {
      const { passwordHash } = account;
      const session = { ...aSession(account, clock.now()), ...fields };
      const opened = await ports.sessions.open(session, passwordHash);
      return { ...session, refreshToken: opened?.refreshToken ?? '' };
    },
  };
}
