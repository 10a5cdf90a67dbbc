import { endpoint, fromRequest, fromToken, type Endpoint } from '#platform/endpoint.ts';
import { AuthApi } from '../contract.ts';
import { chosen } from './chosen-password.ts';

const address = fromRequest((request) => request.address);
const userId = fromToken('userId');

/** Verifying and changing an address, and recovering a forgotten password. */
export const emailEndpoints: Endpoint[] = [
  endpoint(AuthApi.requestEmailVerification, 'POST /v1/auth/email/verification', {
    summary: 'Send the mail again that verifies your address',
    description: 'It holds a link and a six-digit code, for 24 hours. Too many in an hour have to wait (429).',
    access: 'user',
    input: { userId },
    status: 204,
  }),

  endpoint(AuthApi.verifyEmail, 'POST /v1/auth/email/verify', {
    summary: 'Verify an address by the link that was sent to it',
    description: 'Takes the `token` of the link, once. From the next refresh on, access tokens say `email_verified`.',
    access: 'anyone',
    status: 204,
  }),

  endpoint(AuthApi.verifyEmailByCode, 'POST /v1/auth/email/code', {
    summary: 'Verify your address by the code that was sent to it',
    description: 'Wrong codes delay the next attempt, and after ten the code is good for nothing; the link still is.',
    access: 'user',
    input: { userId },
    status: 204,
  }),

  endpoint(AuthApi.requestEmailChange, 'POST /v1/auth/email/change', {
    summary: 'Change your e-mail address',
    description:
      'Takes your `password`, or a login within the last 15 minutes (403 `auth.confirmation-required` otherwise). The new ' +
      'address gets a link that confirms it, the present one is told. The answer is the same for an address that somebody has.',
    access: 'user',
    input: { userId },
    status: 204,
  }),

  endpoint(AuthApi.confirmEmailChange, 'POST /v1/auth/email/change/confirm', {
    summary: 'Confirm a new e-mail address by the link that was sent to it',
    access: 'anyone',
    status: 204,
  }),

  endpoint(AuthApi.requestPasswordReset, 'POST /v1/auth/password/forgotten', {
    summary: 'Send a link to who has forgotten their password',
    description: 'The answer is the same, and takes the same time, whether the address has an account or not.',
    access: 'anyone',
    input: { address },
    status: 204,
  }),

  endpoint(AuthApi.resetPassword, 'POST /v1/auth/password/reset', {
    summary: 'Set a new password by the link that was sent',
    description:
      'The `token` of the link holds for 30 minutes and works once. Ends all sessions and opens none: log in with the new ' +
      'password, and with the second factor where there is one.',
    access: 'anyone',
    input: { address },
    body: (fields) => fields.extend({ newPassword: fields.shape.newPassword.meta(chosen) }),
    status: 204,
  }),
];
