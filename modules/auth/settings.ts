/** The environment variables of auth. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { Email } from './contract.ts';

const whole = (smallest: number, largest: number, fallback: number) =>
  z.coerce.number().int().min(smallest).max(largest).default(fallback);

export const AuthSettings = z.object({
  NODE_ENV: z.string().optional(),
  ADMIN_EMAIL: Email.default('admin@example.com').describe('of the administrator that a start creates where none can log in'),
  ADMIN_PASSWORD: z.string().optional().describe('made up and printed when absent'),
  AUTH_KEY_SECRET: z.string().min(32).optional().describe('encrypts the private signing keys in the database; needed in production'),

  TOKEN_ISSUER: z.string().min(1).default('fissile').describe('of access tokens'),
  TOKEN_AUDIENCE: z.string().min(1).default('fissile').describe('of access tokens'),
  ACCESS_TOKEN_SECONDS: whole(60, 3_600, 900).describe('how long an access token holds'),
  SESSION_IDLE_DAYS: whole(1, 365, 30).describe('a session that is not refreshed ends'),
  SESSION_MAX_DAYS: whole(1, 365, 90).describe('every session ends'),
  SESSIONS_PER_ACCOUNT: whole(1, 10_000, 50).describe('one more ends the one that was not used for the longest time'),
  REFRESH_GRACE_SECONDS: whole(0, 60, 5).describe('how long a used refresh token gives the same answer again; 0 is strict'),
  SIGNING_KEY_DAYS: whole(2, 365, 30).describe('how long a key signs'),

  PASSWORD_MIN_LENGTH: whole(8, 64, 15).describe('in characters'),
  PASSWORD_HASH_MEMORY: whole(19_456, 1_048_576, 19_456).describe('argon2id, in KiB'),
  PASSWORD_HASH_PASSES: whole(2, 20, 2).describe('argon2id'),
  PASSWORD_HASH_LANES: whole(1, 16, 1).describe('argon2id'),
  // Node computes them on the four threads it also reads files and looks up names on; one stays free.
  PASSWORD_HASHES_AT_ONCE: whole(1, 64, Math.min(3, availableParallelism())).describe('on threads of their own'),
  PASSWORD_HASH_QUEUE: whole(1, 10_000, 250).describe('logins and registrations that wait; more are turned away'),

  LOGIN_FAILURES_PER_ACCOUNT: whole(1, 100, 5).describe('wrong passwords before the next attempt has to wait'),
  LOGIN_FAILURES_PER_ADDRESS: whole(1, 1_000_000, 200).describe('the same for a network'),
  LOGINS_PER_ACCOUNT: whole(1, 1_000_000, 100).describe('logins that succeed, an hour'),
  LOGINS_PER_ADDRESS: whole(1, 1_000_000, 5_000).describe('the same for a network'),
  REGISTRATIONS_PER_ADDRESS: whole(1, 1_000_000, 1_000).describe('an hour, for a network'),
}).refine(({ ADMIN_PASSWORD, PASSWORD_MIN_LENGTH }) => ADMIN_PASSWORD === undefined || [...ADMIN_PASSWORD].length >= PASSWORD_MIN_LENGTH, {
  path: ['ADMIN_PASSWORD'],
  message: 'is shorter than PASSWORD_MIN_LENGTH allows; take a few random words',
}).refine(({ NODE_ENV, AUTH_KEY_SECRET }) => NODE_ENV !== 'production' || AUTH_KEY_SECRET !== undefined, {
  path: ['AUTH_KEY_SECRET'],
  message: 'is needed in production: 32 characters or more, such as `openssl rand -hex 32` prints',
});
export type AuthSettings = z.output<typeof AuthSettings>;
