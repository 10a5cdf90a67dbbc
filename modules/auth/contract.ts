/**
 * All that other modules may know of auth. Nothing else in this folder can be imported from outside it.
 * Within a version an optional field may be added; any other change is a new version beside the old.
 */
import { z } from 'zod';
import { api, command, errors, event, query } from '#platform/contract.ts';

export const Email = z.email().max(254).toLowerCase();
export const Role = z.enum(['customer', 'admin']);

export const AuthErrors = errors('auth', {
  emailTaken: ['conflict', 'There is an account with this e-mail address already.'],
  wrongCredentials: ['unauthenticated', 'The e-mail address or the password is wrong.'],
  tooManyAttempts: ['too-many', 'Too many attempts. Wait before you try again.'],
  weakPassword: ['invalid', 'Choose another password.'],
  invalidRefreshToken: ['unauthenticated', 'This refresh token is not valid any more. Log in again.'],
  accountNotFound: ['not-found', 'There is no such account.'],
  busy: ['unavailable', 'Too many people are logging in right now. Try again in a moment.'],
});

const Tokens = z.object({
  accessToken: z.string().describe('a JWT for the Authorization header'),
  refreshToken: z.string().describe('good for one refresh'),
  tokenType: z.literal('Bearer'),
  expiresIn: z.int().positive().describe('seconds until the access token expires'),
});

/** Bounds only; whether a password is good enough is a rule of auth with an answer of its own. */
const Password = z.string().min(1).max(1024);
/** The network address an attempt came from; attempts are limited by it. */
const address = z.string().max(64);

export const AuthApi = api('auth', {
  register: command(1, {
    summary: 'Opens an account for a customer.',
    input: z.object({ email: Email, password: Password, name: z.string().trim().min(1).max(200), address }),
    output: z.object({ userId: z.uuid() }),
    errors: [AuthErrors.emailTaken, AuthErrors.weakPassword, AuthErrors.tooManyAttempts, AuthErrors.busy],
  }),
  logIn: command(1, {
    input: z.object({ email: Email, password: Password, address }),
    output: Tokens,
    errors: [AuthErrors.wrongCredentials, AuthErrors.tooManyAttempts, AuthErrors.busy],
  }),
  refresh: command(1, {
    summary: 'Trades a refresh token for new tokens. Using one a second time ends every session it led to.',
    input: z.object({ refreshToken: z.string().min(1).max(512) }),
    output: Tokens,
    errors: [AuthErrors.invalidRefreshToken],
  }),
  logOut: command(1, {
    summary: 'Ends the session of a refresh token; an unknown one is no error.',
    input: z.object({ refreshToken: z.string().min(1).max(512) }),
    output: z.object({}),
    errors: [],
  }),
  changePassword: command(1, {
    summary: 'Ends all other sessions of the account.',
    input: z.object({
      userId: z.uuid(),
      sessionId: z.uuid().describe('stays alive'),
      currentPassword: Password,
      newPassword: Password,
      address,
    }),
    output: z.object({}),
    errors: [AuthErrors.wrongCredentials, AuthErrors.weakPassword, AuthErrors.tooManyAttempts, AuthErrors.busy],
  }),
  getRegistration: query(1, {
    summary: 'What a person told us when they registered.',
    input: z.object({ userId: z.uuid() }),
    output: z.object({ userId: z.uuid(), email: z.email(), name: z.string(), registeredAt: z.iso.datetime() }),
    errors: [AuthErrors.accountNotFound],
  }),
  exportPersonalData: query(1, {
    input: z.object({ userId: z.uuid() }),
    output: z.object({
      email: z.email().optional(),
      roles: z.array(Role),
      registeredAt: z.iso.datetime().optional(),
      sessions: z.array(z.object({ startedAt: z.iso.datetime(), lastUsedAt: z.iso.datetime() })),
    }),
    errors: [],
  }),
});

/** A person has an account. Keyed by user. */
export const userRegistered = event('auth.user-registered', 1, {
  key: 'userId',
  payload: z.object({ userId: z.uuid(), email: z.email(), name: z.string(), registeredAt: z.iso.datetime() }),
});
