/**
 * All that other modules may know of auth. Nothing else in this folder can be imported from outside it.
 * Within a version an optional field may be added; any other change is a new version beside the old.
 */
import { z } from 'zod';
import { api, command, errors, event, query } from '#platform/contract.ts';

/** An e-mail address as it is kept and told: all that a browser's `type=email` accepts (WHATWG HTML), in lower case. */
export const EmailAddress = z.email({ pattern: z.regexes.html5Email });

/** An e-mail address as a person types it; the spaces around it, its capitals and an international domain are put right. */
export const Email = z
  .string()
  .trim()
  .overwrite(withAsciiDomain)
  .toLowerCase()
  .max(254)
  .check(EmailAddress)
  .meta({ examples: ['ada@example.com'] });

/** Punycode for the domain, as browsers send it. A domain that is no name becomes an empty one, which is refused. */
function withAsciiDomain(text: string): string {
  const [, mailbox, domain] = /^(.*@)([a-z0-9.\u0080-\u{10ffff}-]+)$/iu.exec(text) ?? [];
  return domain === undefined || /^[\x21-\x7e]*$/.test(domain)
    ? text
    : mailbox + (URL.parse(`http://${domain}`)?.hostname ?? '');
}

/** `support` reads everybody's orders and payments and refunds, `catalogue` changes products, `admin` may all of it. */
export const AccountRole = z.enum(['customer', 'support', 'catalogue', 'admin']);
/** The roles that version 0.1.0 knows. */
export const Role = AccountRole.extract(['customer', 'admin']);

/** `public` cannot keep a secret (a page, an app), `confidential` can (a server), `machine` acts for nobody but itself. */
export const ApplicationKind = z.enum(['public', 'confidential', 'machine']);

export const AuthErrors = errors('auth', {
  wrongCredentials: ['unauthenticated', 'The e-mail address or the password is wrong.'],
  tooManyAttempts: ['too-many', 'Too many attempts. Wait before you try again.'],
  weakPassword: ['invalid', 'Choose another password.'],
  invalidRefreshToken: ['unauthenticated', 'This refresh token is no longer valid. Log in again.'],
  passwordChangeRequired: [
    'forbidden',
    'This password is good for one login: choose another and send it along as newPassword.',
  ],
  accountNotFound: ['not-found', 'There is no such account.'],
  sessionNotFound: ['not-found', 'You have no such session.'],
  confirmationRequired: ['forbidden', 'This cannot be undone: send your password along, or log in again first.'],
  lastAdministrator: ['conflict', 'This is the last administrator. Make somebody else an administrator first.'],
  ownAccount: ['conflict', 'You cannot disable your own account.'],
  secondFactorRequired: [
    'forbidden',
    'This account has a second factor: send a code of the authenticator app or a recovery code along as code, or a passkey.',
  ],
  loginExpired: ['forbidden', 'This login took too long. Begin it anew.'],
  linkInvalid: ['invalid', 'This link is no longer valid. Ask for another one.'],
  emailNotVerified: [
    'forbidden',
    'Confirm your e-mail address first: a link was sent to it. It may take a minute to arrive.',
  ],
  wrongCode: ['unauthenticated', 'The code is wrong, or it was used before.'],
  unknownProvider: ['not-found', 'Nobody can log in with this provider here.'],
  providerUnavailable: [
    'unavailable',
    'The other provider does not answer. Try again in a moment, or log in another way.',
  ],
  foreignLoginFailed: ['unauthenticated', 'Logging in with the other account did not work.'],
  noVerifiedAddress: [
    'forbidden',
    'The other provider vouches for no e-mail address of yours. Register here, log in, and connect the other account then.',
  ],
  addressTaken: [
    'conflict',
    'Your e-mail address has an account here. Log in to that one, and connect the other account then.',
  ],
  identityTaken: ['conflict', 'The other account is connected to somebody else here.'],
  identityNotFound: ['not-found', 'No such account is connected.'],
  applicationNotFound: ['not-found', 'There is no such application.'],
  applicationUnfit: ['invalid', 'The application cannot be registered like this.'],
  applicationHasNoSecret: ['conflict', 'A public application cannot keep a secret. It proves itself by PKCE.'],
  busy: ['unavailable', 'Too many people are logging in right now. Try again in a moment.'],
});

const deviceToken = z
  .string()
  .min(1)
  .max(512)
  .optional()
  .describe(
    'the token of a device that has logged in to this account: keep it after logging out, and send it with the next login',
  );

export const Tokens = z
  .object({
    accessToken: z.string().describe('a JWT for the Authorization header'),
    refreshToken: z.string().describe('good for one refresh'),
    tokenType: z.literal('Bearer'),
    expiresIn: z.int().positive().describe('seconds until the access token expires'),
    deviceToken,
  })
  .meta({ id: 'Tokens' });

/** An account as administrators see it. */
const KnownAccount = z
  .object({
    userId: z.uuid(),
    email: EmailAddress,
    name: z.string(),
    roles: z.array(AccountRole).max(10),
    registeredAt: z.iso.datetime(),
    disabledAt: z.iso.datetime().nullable(),
    mustChangePassword: z.boolean().describe('the next login has to bring a new password'),
  })
  .meta({ id: 'KnownAccount' });
export const SessionApplication = z.object({ id: z.uuid(), name: z.string() }).meta({ id: 'SessionApplication' });

const SessionFacts = z.object({
  startedAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
  authenticatedAt: z.iso.datetime().optional().describe('when a password or another factor was last given'),
  network: z
    .string()
    .optional()
    .describe('where it was last used from: an IPv4 address, or the /64 of an IPv6 address'),
  userAgent: z.string().optional().describe('the browser or app, as it calls itself'),
  application: SessionApplication.optional().describe(
    "the application that holds it; absent for the person's own client",
  ),
});

export const ActiveSession = SessionFacts.extend({
  id: z.uuid(),
  current: z.boolean().describe('true for the session that asks'),
}).meta({ id: 'ActiveSession' });

/** Exactly as it was typed. Bounds only; whether a password is good enough is a rule of auth with an answer of its own. */
const Password = z
  .string()
  .min(1)
  .max(1024)
  .meta({ examples: ['correct horse battery staple'] });
/** A code of an authenticator app, or a recovery code. Spaces and dashes do not matter. */
const Code = z
  .string()
  .trim()
  .min(6)
  .max(40)
  .meta({ examples: ['123456'] });
/** The secret in a link that was mailed. */
const linkToken = z.string().min(1).max(200);
/** The network address an attempt came from; attempts are limited by it. */
const address = z.string().max(64);

export const PublicKey = z
  .object({
    kty: z.literal('RSA'),
    kid: z.string(),
    use: z.literal('sig'),
    alg: z.literal('RS256'),
    n: z.string(),
    e: z.string(),
  })
  .meta({ id: 'PublicKey' });

/** An account at another provider. */
const ConnectedIdentity = z
  .object({
    id: z.uuid(),
    provider: z.string().max(30),
    email: z.string().max(320).optional().describe('the address that the provider told when it was connected'),
    connectedAt: z.iso.datetime(),
  })
  .meta({ id: 'ConnectedIdentity' });
const uri = z.string().min(1).max(2_000);
const scope = z
  .string()
  .max(50)
  .regex(/^[a-z][a-z-]*(:[a-z][a-z-]*)?$/)
  .meta({ examples: ['orders:read'] });

/** The facts that an administrator gives about an application. */
const applicationFields = {
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .describe('what people see when they are asked for their consent')
    .meta({ examples: ['Notes'] }),
  redirectUris: z
    .array(uri)
    .max(20)

    .describe('where people are sent back to, exactly; none for a machine')
    .meta({ examples: [['https://notes.example/done']] }),
  postLogoutRedirectUris: z
    .array(uri)
    .max(20)

    .describe('where people are sent after they logged out there'),
  backchannelLogoutUri: uri
    .optional()
    .describe('is told that a person logged out (OpenID Connect Back-Channel Logout)'),
  scopes: z.array(scope).max(50).describe('the scopes of the API that it may ask for'),
  roles: z
    .array(AccountRole)
    .max(10)

    .describe('the roles of a machine; other applications have those of the person'),
  logo: z
    .string()
    .max(48_000)
    .regex(/^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$/)
    .optional()
    .describe('a picture as a data URL, such as data:image/png;base64,...')
    .meta({ examples: ['data:image/png;base64,iVBORw0KGgo='] }),
};

export const Application = z
  .object({
    applicationId: z.uuid().describe('the `client_id`'),
    kind: ApplicationKind,
    ...applicationFields,
    createdAt: z.iso.datetime(),
    disabled: z.boolean(),
  })
  .meta({ id: 'Application' });

const clientSecret = z.string().describe('the `client_secret`; it is told this once');

export const AuthApi = api('auth', {
  register: command(1, {
    summary:
      'Opens an account for a customer. For a taken e-mail address it changes nothing and answers the same, so that nobody learns who has an account.',
    input: z.object({
      email: Email,
      password: Password,
      name: z
        .string()
        .trim()
        .min(1)
        .max(200)
        .meta({ examples: ['Ada'] }),
      address,
    }),
    output: z.object({ userId: z.uuid() }),
    errors: [AuthErrors.weakPassword, AuthErrors.tooManyAttempts, AuthErrors.busy],
  }),
  logIn: command(1, {
    summary: 'Starts a session. The token of a known device keeps the guesses of others from holding it up.',
    input: z.object({
      email: Email,
      password: Password,
      address,
      deviceToken,
      newPassword: Password.optional().describe('replaces the password; ends all other sessions'),
      code: Code.optional().describe(
        'for an account with a second factor: of the authenticator app, or a recovery code',
      ),
    }),
    output: Tokens,
    errors: [
      AuthErrors.wrongCredentials,
      AuthErrors.tooManyAttempts,
      AuthErrors.busy,
      AuthErrors.passwordChangeRequired,
      AuthErrors.weakPassword,
      AuthErrors.emailNotVerified,
      AuthErrors.secondFactorRequired,
      AuthErrors.wrongCode,
    ],
  }),
  refresh: command(1, {
    summary:
      'Trades a refresh token for new tokens. For a few seconds, until the new refresh token is used, a repetition gives the same one; a later repetition ends the session.',
    input: z.object({ refreshToken: z.string().min(1).max(512) }),
    output: Tokens,
    errors: [AuthErrors.invalidRefreshToken],
  }),
  logOut: command(1, {
    summary: 'Ends the session of a refresh token. An unknown token is no error.',
    input: z.object({ refreshToken: z.string().min(1).max(512) }),
    output: z.object({}),
    errors: [],
  }),
  requestEmailVerification: command(1, {
    summary: 'Sends the mail again that verifies the address of an account. Does nothing for one that is verified.',
    input: z.object({ userId: z.uuid() }),
    output: z.object({}),
    errors: [AuthErrors.accountNotFound, AuthErrors.tooManyAttempts],
  }),
  verifyEmail: command(1, {
    summary: 'Verifies an address by the token of the link that was sent to it.',
    input: z.object({ token: linkToken }),
    output: z.object({}),
    errors: [AuthErrors.linkInvalid],
  }),
  verifyEmailByCode: command(1, {
    summary: 'Verifies the address of an account by the six digits that were sent to it.',
    input: z.object({
      userId: z.uuid(),
      code: z
        .string()
        .trim()
        .regex(/^\d{6}$/, 'The code has six digits.')
        .meta({ examples: ['123456'] }),
    }),
    output: z.object({}),
    errors: [AuthErrors.wrongCode, AuthErrors.tooManyAttempts],
  }),
  requestEmailChange: command(1, {
    summary: 'Asks a new address to confirm that it is to be the one of an account, and tells the present one.',
    input: z.object({
      userId: z.uuid(),
      email: Email,
      password: Password.optional().describe('needed unless the login was within the last 15 minutes'),
    }),
    output: z.object({}),
    errors: [
      AuthErrors.accountNotFound,
      AuthErrors.confirmationRequired,
      AuthErrors.wrongCredentials,
      AuthErrors.tooManyAttempts,
      AuthErrors.busy,
    ],
  }),
  confirmEmailChange: command(1, {
    summary: 'Gives an account the address that the token of a link was sent to.',
    input: z.object({ token: linkToken }),
    output: z.object({}),
    errors: [AuthErrors.linkInvalid],
  }),
  requestPasswordReset: command(1, {
    summary: 'Sends a link for a new password to the address, if it has an account. Neither answer nor time tell.',
    input: z.object({ email: Email, address }),
    output: z.object({}),
    errors: [AuthErrors.tooManyAttempts],
  }),
  resetPassword: command(1, {
    summary: 'Sets a new password by the token of a link, and ends all sessions of the account.',
    input: z.object({ token: linkToken, newPassword: Password, address }),
    output: z.object({}),
    errors: [AuthErrors.linkInvalid, AuthErrors.weakPassword, AuthErrors.busy],
  }),
  changePassword: command(1, {
    summary: 'Ends all other sessions of the account.',
    input: z.object({
      userId: z.uuid(),
      sessionId: z.uuid().describe('the session that stays'),
      currentPassword: Password,
      newPassword: Password,
    }),
    output: z.object({}),
    errors: [AuthErrors.wrongCredentials, AuthErrors.weakPassword, AuthErrors.tooManyAttempts, AuthErrors.busy],
  }),
  stepUp: command(1, {
    summary:
      'Proves once more who the person of a session is, for what takes a recent login. The refresh token stays as it is.',
    input: z.object({ userId: z.uuid(), sessionId: z.uuid(), password: Password }),
    output: Tokens.omit({ refreshToken: true, deviceToken: true }).meta({ id: 'RenewedAccess' }),
    errors: [AuthErrors.wrongCredentials, AuthErrors.tooManyAttempts, AuthErrors.busy],
  }),
  listSessions: query(1, {
    summary: 'The living sessions of a person by pages, the oldest first.',
    input: z.object({
      userId: z.uuid(),
      sessionId: z.uuid().describe('the session that asks'),
      cursor: z.uuid().optional(),
      limit: z.int().min(1).max(100).default(20),
    }),
    output: z.object({ data: z.array(ActiveSession).max(100), nextCursor: z.string().nullable() }),
    errors: [],
  }),
  endSession: command(1, {
    summary: 'Ends a session of a person at once, in every process.',
    input: z.object({ userId: z.uuid(), sessionId: z.uuid() }),
    output: z.object({}),
    errors: [AuthErrors.sessionNotFound],
  }),
  endOtherSessions: command(1, {
    summary: 'Ends all sessions of a person but one. Repeating it is harmless.',
    input: z.object({ userId: z.uuid(), sessionId: z.uuid().describe('the session that stays') }),
    output: z.object({}),
    errors: [],
  }),
  disableAccount: command(1, {
    summary: 'Ends the sessions of an account and keeps it from logging in until it is enabled again.',
    input: z.object({ userId: z.uuid(), by: z.uuid().describe('the administrator who does it') }),
    output: z.object({}),
    errors: [AuthErrors.accountNotFound, AuthErrors.ownAccount, AuthErrors.lastAdministrator],
  }),
  allowErasure: command(1, {
    summary:
      'Checks, before a person is erased, that they ask for it themselves: by their password, or by a session that has just begun. Refuses the last administrator; another one stops counting as one.',
    actsFor: 'userId',
    input: z.object({ userId: z.uuid(), sessionId: z.uuid().optional(), password: Password.optional() }),
    output: z.object({}),
    errors: [
      AuthErrors.confirmationRequired,
      AuthErrors.wrongCredentials,
      AuthErrors.tooManyAttempts,
      AuthErrors.busy,
      AuthErrors.lastAdministrator,
    ],
  }),
  enableAccount: command(1, {
    input: z.object({ userId: z.uuid() }),
    output: z.object({}),
    errors: [AuthErrors.accountNotFound],
  }),
  searchAccounts: query(1, {
    summary: 'By pages, the newest first.',
    input: z.object({
      email: z.string().trim().toLowerCase().min(1).max(254).optional().describe('the beginning of the address'),
      state: z.enum(['active', 'disabled']).optional(),
      role: AccountRole.optional(),
      cursor: z.uuid().optional(),
      limit: z.int().min(1).max(100).default(20),
    }),
    output: z.object({ data: z.array(KnownAccount).max(100), nextCursor: z.string().nullable() }),
    errors: [],
  }),
  getAccount: query(1, {
    summary: 'An account, with its second factors and its first hundred sessions, the oldest first.',
    input: z.object({ userId: z.uuid() }),
    output: KnownAccount.extend({
      factors: z.object({
        totp: z.boolean().describe('an authenticator app'),
        passkeys: z.int(),
        recoveryCodes: z.int().describe('that are left'),
      }),
      sessions: z.array(ActiveSession.omit({ current: true })).max(100),
    }),
    errors: [AuthErrors.accountNotFound],
  }),
  changeRoles: command(1, {
    summary:
      'Grants and takes roles, at once in every process: access tokens that claim one that was taken are refused, and refreshed ones have those of now.',
    input: z.object({
      userId: z.uuid(),
      grant: z.array(AccountRole).max(10),
      take: z.array(AccountRole).max(10),
    }),
    output: z.object({ roles: z.array(AccountRole).max(10) }),
    errors: [AuthErrors.accountNotFound, AuthErrors.lastAdministrator],
  }),
  endSessionsOf: command(1, {
    summary: 'Ends all sessions of an account. Repeating it is harmless.',
    input: z.object({ userId: z.uuid() }),
    output: z.object({}),
    errors: [AuthErrors.accountNotFound],
  }),
  requireNewPassword: command(1, {
    summary: 'Ends all sessions of an account; its next login has to bring a new password.',
    input: z.object({ userId: z.uuid() }),
    output: z.object({}),
    errors: [AuthErrors.accountNotFound],
  }),
  removeFactors: command(1, {
    summary: 'Removes all second factors of an account, for a person who lost them. Repeating it is harmless.',
    input: z.object({ userId: z.uuid() }),
    output: z.object({}),
    errors: [AuthErrors.accountNotFound],
  }),
  getPublicKeys: query(1, {
    summary: 'The public keys of access tokens: current, recent and upcoming ones (RFC 7517).',
    input: z.object({}),
    output: z.object({ keys: z.array(PublicKey).max(50) }),
    errors: [],
  }),
  isSessionLive: query(1, {
    summary:
      'Tells whether the session that an access token names is alive, and has the person and the roles of the token.',
    input: z.object({
      sessionId: z.uuid(),
      claimed: z
        .object({ userId: z.uuid(), roles: z.array(z.string().max(50)).max(10) })
        .optional()
        .describe('the person it must belong to, and the roles that this account must have'),
    }),
    output: z.object({ live: z.boolean() }),
    errors: [],
  }),
  getRegistration: query(1, {
    summary: 'The data that a person gave at registration.',
    actsFor: 'userId',
    input: z.object({ userId: z.uuid() }),
    output: z.object({
      userId: z.uuid(),
      email: EmailAddress,
      name: z.string(),
      registeredAt: z.iso.datetime(),
      emailVerified: z.boolean().optional(),
    }),
    errors: [AuthErrors.accountNotFound],
  }),
  listIdentities: query(1, {
    summary: 'The accounts elsewhere that a person logs in with, the oldest first.',
    actsFor: 'userId',
    input: z.object({ userId: z.uuid() }),
    output: z.object({ data: z.array(ConnectedIdentity).max(100) }),
    errors: [],
  }),
  disconnectIdentity: command(1, {
    summary: 'Ends that an account elsewhere logs a person in.',
    input: z.object({ userId: z.uuid(), identityId: z.uuid() }),
    output: z.object({}),
    errors: [AuthErrors.identityNotFound],
  }),
  exportPersonalData: query(1, {
    summary:
      'The account, and its sessions by pages, the oldest first. Without a limit, as version 0.1.0 asks, all at once, or `unavailable` where that is too much.',
    actsFor: 'userId',
    input: z.object({ userId: z.uuid(), cursor: z.uuid().optional(), limit: z.int().min(1).max(100).optional() }),
    output: z.object({
      email: EmailAddress.optional(),
      emailVerifiedAt: z.iso.datetime().nullable().optional(),
      name: z.string().optional(),
      roles: z.array(Role).max(10),
      staff: z
        .object({ roles: z.array(AccountRole).max(10) })
        .optional()
        .describe('roles that version 0.1.0 does not know'),
      registeredAt: z.iso.datetime().optional(),
      sessions: z.array(SessionFacts),
      connected: z
        .object({ identities: z.array(ConnectedIdentity).max(100) })
        .optional()
        .describe('accounts elsewhere, on the first page'),
      allowed: z
        .object({
          consents: z
            .array(
              z.object({ application: z.string(), scopes: z.array(z.string()).max(100), givenAt: z.iso.datetime() }),
            )
            .max(200),
        })
        .optional()
        .describe('what applications were allowed; on the first page'),
      nextCursor: z
        .string()
        .nullable()
        .optional()
        .describe('null on the last page; version 0.1.0 returns everything and no cursor'),
    }),
    errors: [],
  }),
  registerApplication: command(1, {
    summary: 'Registers an OAuth client. One that can keep a secret gets one.',
    input: z.object({ kind: ApplicationKind, ...applicationFields }),
    output: Application.extend({ clientSecret: clientSecret.optional() }).meta({ id: 'RegisteredApplication' }),
    errors: [AuthErrors.applicationUnfit],
  }),
  getApplication: query(1, {
    input: z.object({ applicationId: z.uuid() }),
    output: Application,
    errors: [AuthErrors.applicationNotFound],
  }),
  listApplications: query(1, {
    summary: 'The applications by pages, the oldest first.',
    input: z.object({
      cursor: z.uuid().optional().describe('the `nextCursor` of the page before'),
      limit: z.int().min(1).max(100).default(20),
    }),
    output: z.object({ data: z.array(Application), nextCursor: z.string().nullable() }),
    errors: [],
  }),
  replaceApplication: command(1, {
    summary:
      'Replaces what is said of an application. Disabling it ends all its access at once; so does a change of the roles of a machine.',
    input: z.object({ applicationId: z.uuid(), ...applicationFields, disabled: z.boolean().default(false) }),
    output: Application,
    errors: [AuthErrors.applicationNotFound, AuthErrors.applicationUnfit],
  }),
  removeApplication: command(1, {
    summary: 'Removes an application and ends all its access at once.',
    input: z.object({ applicationId: z.uuid() }),
    output: z.object({}),
    errors: [AuthErrors.applicationNotFound],
  }),
  renewApplicationSecret: command(1, {
    summary: 'Gives an application another secret. Those before it work for a while, so that no access is interrupted.',
    input: z.object({
      applicationId: z.uuid(),
      overlap: z
        .int()
        .min(0)
        .max(2_592_000)
        .default(86_400)
        .describe('seconds in which the secrets before it go on working; 0 where one has leaked'),
    }),
    output: z.object({ clientSecret }),
    errors: [AuthErrors.applicationNotFound, AuthErrors.applicationHasNoSecret],
  }),
  listConsents: query(1, {
    summary: 'What a person has allowed which applications, the newest first.',
    actsFor: 'userId',
    input: z.object({ userId: z.uuid() }),
    output: z.object({
      data: z
        .array(
          z.object({
            applicationId: z.uuid(),
            name: z.string(),
            scopes: z.array(z.string()).max(100),
            givenAt: z.iso.datetime(),
          }),
        )
        .max(200),
    }),
    errors: [],
  }),
  revokeConsent: command(1, {
    summary:
      'Takes it back, and ends all sessions that the application holds for the person. What was not allowed is no error.',
    actsFor: 'userId',
    input: z.object({ userId: z.uuid(), applicationId: z.uuid() }),
    output: z.object({}),
    errors: [],
  }),
});

export const userRegistered = event('auth.user-registered', 1, {
  summary: 'When a person has an account.',
  key: 'userId',
  payload: z.object({ userId: z.uuid(), email: EmailAddress, name: z.string(), registeredAt: z.iso.datetime() }),
});

export const emailVerified = event('auth.email-verified', 1, {
  summary:
    'When it is known that a person reads the mail of an address, which is the one of their account from then on.',
  key: 'userId',
  payload: z.object({ userId: z.uuid(), email: EmailAddress, verifiedAt: z.iso.datetime() }),
});
