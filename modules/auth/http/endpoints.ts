import { z } from 'zod';
import { endpoint, type Endpoint } from '#platform/endpoint.ts';
import { visibleLines } from '#platform/text.ts';
import { AuthApi, PublicKey, Tokens } from '../contract.ts';

const { email, password } = AuthApi.register.input.shape;
const { name } = visibleLines(AuthApi.register.input.pick({ name: true })).shape;
const { deviceToken, newPassword: replacement } = AuthApi.logIn.input.shape;
const { refreshToken } = AuthApi.refresh.input.shape;
const { currentPassword, newPassword } = AuthApi.changePassword.input.shape;
const Credentials = z.object({ email, password });
/** For readers of the document: the least that a setting can ask for. What is refused says what holds. */
const chosen = { minLength: 8, maxLength: 128, description: 'at least 15 characters, unless PASSWORD_MIN_LENGTH is set otherwise' };
const AccountPath = z.object({ userId: z.uuid() });

/** Tokens must not stay in a cache on the way (RFC 6749 5.1). */
const uncached = { 'cache-control': 'no-store' };

export const authEndpoints: Endpoint[] = [
  endpoint(AuthApi, 'POST /v1/auth/register', {
    summary: 'Open an account',
    description:
      'Passwords of any composition are welcome; only length counts, and that few others use the same one. The answer ' +
      'is the same for an e-mail address that has an account already: that account stays as it is.',
    access: 'anyone',
    idempotent: true,
    body: z.object({ email, password: password.meta(chosen), name }),
    answers: { status: 201, body: AuthApi.register.output },
    errors: AuthApi.register.errors,
    async handle({ body, address }, auth) {
      return { status: 201, body: await auth.register({ ...body, address }) };
    },
  }),

  endpoint(AuthApi, 'POST /v1/auth/login', {
    summary: 'Log in',
    description:
      'Wrong passwords make the next attempt wait, and so do too many logins. Keep the `deviceToken` of the answer, also ' +
      'after logging out, and send it with the next login from the same device: guesses that others make at the account ' +
      'then do not hold it up. It proves nothing else. A one-time password takes a `newPassword` along (403 ' +
      '`auth.password-change-required` without).',
    access: 'anyone',
    body: Credentials.extend({ deviceToken, newPassword: replacement }),
    answers: { status: 200, body: Tokens },
    errors: AuthApi.logIn.errors,
    async handle({ body, address }, auth) {
      return { status: 200, headers: uncached, body: await auth.logIn({ ...body, address }) };
    },
  }),

  endpoint(AuthApi, 'POST /v1/auth/refresh', {
    summary: 'Trade a refresh token for new tokens',
    description: 
      'Each refresh token works once. One that comes again within a few seconds, as from a second tab or after a lost ' +
      'answer, gives the same new one, until that was used. One that comes again later ends its session for everybody.',
    access: 'anyone',
    body: z.object({ refreshToken }),
    answers: { status: 200, body: Tokens },
    errors: AuthApi.refresh.errors,
    async handle({ body }, auth) {
      return { status: 200, headers: uncached, body: await auth.refresh(body) };
    },
  }),

  endpoint(AuthApi, 'POST /v1/auth/logout', {
    summary: 'Log out',
    access: 'anyone',
    body: z.object({ refreshToken }),
    answers: { status: 204 },
    async handle({ body }, auth) {
      await auth.logOut(body);
      return { status: 204 };
    },
  }),

  endpoint(AuthApi, 'POST /v1/auth/password', {
    summary: 'Change your password',
    description: 'Ends all your other sessions.',
    access: 'user',
    body: z.object({ currentPassword, newPassword: newPassword.meta(chosen) }),
    answers: { status: 204 },
    errors: AuthApi.changePassword.errors,
    async handle({ body, principal: { userId, sessionId } }, auth) {
      await auth.changePassword({ ...body, userId, sessionId });
      return { status: 204 };
    },
  }),

  endpoint(AuthApi, 'POST /v1/auth/accounts/{userId}/disable', {
    summary: 'Keep an account from logging in',
    description: 'Ends all its sessions at once.',
    access: 'admin',
    path: AccountPath,
    answers: { status: 204 },
    errors: AuthApi.disableAccount.errors,
    async handle({ path, principal }, auth) {
      await auth.disableAccount({ userId: path.userId, by: principal.userId });
      return { status: 204 };
    },
  }),

  endpoint(AuthApi, 'POST /v1/auth/accounts/{userId}/enable', {
    summary: 'Let a disabled account log in again',
    access: 'admin',
    path: AccountPath,
    answers: { status: 204 },
    errors: AuthApi.enableAccount.errors,
    async handle({ path }, auth) {
      await auth.enableAccount(path);
      return { status: 204 };
    },
  }),

  endpoint(AuthApi, 'GET /.well-known/jwks.json', {
    summary: 'The public keys of access tokens (RFC 7517)',
    description: 'The next key appears here a day before it signs, and a former one stays until its last token has expired.',
    access: 'anyone',
    answers: { status: 200, body: z.object({ keys: z.array(PublicKey) }) },
    async handle(_request, auth) {
      return { status: 200, headers: { 'cache-control': 'public, max-age=300' }, body: await auth.getPublicKeys({}) };
    },
  }),
];
