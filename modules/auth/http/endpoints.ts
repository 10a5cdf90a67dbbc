import { endpoint, fromRequest, fromToken, type Endpoint } from '#platform/endpoint.ts';
import { visibleLines } from '#platform/text.ts';
import { AuthApi } from '../contract.ts';
import { chosen } from './chosen-password.ts';
import { identityEndpoints } from './identity-endpoints.ts';

/** The client's address, by which guesses are slowed down. */
const address = fromRequest((request) => request.address);

export const authEndpoints: Endpoint[] = [
  endpoint(AuthApi.register, 'POST /v1/auth/register', {
    summary: 'Open an account',
    description:
      'A password may be made of anything; it must be long, and not a common one. The answer ' +
      'is the same for an e-mail address that is taken: its account stays as it is.',
    access: 'anyone',
    idempotent: true,
    input: { address },
    body: (fields) =>
      fields.extend({
        password: fields.shape.password.meta(chosen),
        ...visibleLines(fields.pick({ name: true })).shape,
      }),
    status: 201,
  }),

  endpoint(AuthApi.logIn, 'POST /v1/auth/login', {
    summary: 'Log in',
    description:
      'Wrong passwords delay the next attempt, and so do too many logins. Keep the `deviceToken` of the answer, also ' +
      "after logging out, and send it with the next login from the same device: other people's guesses at the account " +
      'then do not hold it up. It proves nothing else. A one-time password needs a `newPassword` beside it (403 ' +
      '`auth.password-change-required` without).',
    access: 'anyone',
    input: { address },
  }),

  endpoint(AuthApi.refresh, 'POST /v1/auth/refresh', {
    summary: 'Refresh the tokens',
    description:
      'Each refresh token works once. A repetition within a few seconds, as from a second tab or after a lost answer, ' +
      'gives the same new token, until that is used. A later repetition ends the session for everybody.',
    access: 'anyone',
  }),

  endpoint(AuthApi.logOut, 'POST /v1/auth/logout', {
    summary: 'Log out',
    access: 'anyone',
    status: 204,
  }),

  endpoint(AuthApi.changePassword, 'POST /v1/auth/password', {
    summary: 'Change your password',
    description: 'Ends all your other sessions.',
    access: 'user',
    input: { userId: fromToken('userId'), sessionId: fromToken('sessionId') },
    body: (fields) => fields.extend({ newPassword: fields.shape.newPassword.meta(chosen) }),
    status: 204,
  }),

  endpoint(AuthApi.getPublicKeys, 'GET /.well-known/jwks.json', {
    summary: 'The public keys of access tokens (RFC 7517)',
    description:
      'The next key appears a day before it signs, and an earlier one stays until its last token has expired.',
    access: 'anyone',
    headers: () => ({ 'cache-control': 'public, max-age=300' }),
  }),

  ...identityEndpoints,
];
