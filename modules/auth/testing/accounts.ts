import { v7 as uuid } from 'uuid';
import { Clock } from '#platform/clock.ts';
import { backgroundContext } from '#platform/context.ts';
import { Logger } from '#platform/logger.ts';
import type { Account } from '../domain/account.ts';
import type { Session, SessionOrigin } from '../domain/sessions.ts';
import type { SessionLifetimes } from '../domain/session-lifetimes.ts';

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

export const noon = new Date('2030-01-01T12:00:00.000Z');
export const anyContext = backgroundContext('test', 600_000);
export const goodPassword = 'correct horse battery staple';
export const lifetimes: SessionLifetimes = {
  access: 15 * minute,
  idle: 30 * day,
  absolute: 90 * day,
  grace: 5 * second,
  perAccount: 50,
};

/** Stands still until it is told to move. */
export class SteppedClock extends Clock {
  #now = noon.getTime();
  #elapsed = 0;

  now(): Date {
    return new Date(this.#now);
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
    this.#elapsed += milliseconds;
  }

  /** Changes the time of day alone. */
  setBack(milliseconds: number): void {
    this.#now -= milliseconds;
  }

  readonly elapsed = (): number => this.#elapsed;
}

/** Keeps what was logged. */
export class KeptLogger extends Logger {
  readonly lines: { level: string; message: string; fields: Record<string, unknown> | undefined }[] = [];

  #keep = (level: string) => (message: string, fields?: Record<string, unknown>) =>
    void this.lines.push({ level, message, fields });
  debug = this.#keep('debug');
  info = this.#keep('info');
  warn = this.#keep('warn');
  error = this.#keep('error');

  get text(): string {
    return JSON.stringify(this.lines);
  }
}

/** The hash that `QuickPasswords` makes of the good password, in the form that the database asks for. */
const hashOfGoodPassword = `$argon2id$quick$1$${goodPassword}`;

export const aSession = ({ id: accountId, roles }: Account, authenticatedAt = noon): Session & SessionOrigin => ({
  id: uuid(),
  accountId,
  roles,
  authenticatedAt,
  amr: ['pwd'],
  network: null,
  userAgent: null,
});

export const anAccount = (fields: Partial<Account> = {}): Account => ({
  id: uuid(),
  email: `${uuid()}@example.com`,
  name: 'Ada Lovelace',
  passwordHash: hashOfGoodPassword,
  roles: ['customer'],
  registeredAt: noon,
  disabledAt: null,
  emailVerifiedAt: null,
  mustVerifyEmail: false,
  oneTimePassword: false,
  ...fields,
});
