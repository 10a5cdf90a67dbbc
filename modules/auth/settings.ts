/** The environment variables of auth. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { about, shared, whole } from '#platform/settings.ts';
import { Email } from './contract.ts';

/** Providers of identities whose issuer and label need not be said. */
const presets: Readonly<Record<string, { readonly issuer: string; readonly label: string }>> = {
  google: { issuer: 'https://accounts.google.com', label: 'Google' },
  microsoft: { issuer: 'https://login.microsoftonline.com/common/v2.0', label: 'Microsoft' },
  apple: { issuer: 'https://appleid.apple.com', label: 'Apple' },
  github: { issuer: 'https://github.com', label: 'GitHub' },
};

const AppleKey = z.strictObject({ team: z.string().min(1), keyId: z.string().min(1), key: z.string().min(1) });
export type AppleKey = z.output<typeof AppleKey>;

const onThisMachine = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:\/|$)/;
const ForeignProvider = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, 'has lower-case letters, digits and hyphens'),
    label: z.string().min(1).max(40).optional(),
    issuer: z
      .url()
      .refine((url) => url.startsWith('https://') || onThisMachine.test(url), 'begins with https://')
      .optional(),
    client: z.string().min(1),
    secret: z.string().min(1).optional(),
    apple: AppleKey.optional(),
  })
  .transform(({ label, issuer, ...provider }) => ({
    ...provider,
    issuer: (issuer ?? presets[provider.name]?.issuer)?.replace(/\/$/, ''),
    label: label ?? presets[provider.name]?.label ?? provider.name,
  }))
  .refine(({ issuer }) => issuer !== undefined, { path: ['issuer'], message: 'lacks an "issuer"' })
  .refine(({ secret, apple }) => (secret === undefined) !== (apple === undefined), {
    path: ['secret'],
    message: 'lacks a "secret", or for Apple "apple" with team, keyId and key',
  });
export type ForeignProviderSettings = z.output<typeof ForeignProvider>;

/** A list as JSON, in one variable. */
const ForeignProviderList = z
  .string()
  .default('[]')
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'is no JSON' });
      return z.NEVER;
    }
  })
  .pipe(
    z.array(ForeignProvider).refine((all) => new Set(all.map(({ name }) => name)).size === all.length, {
      message: 'names one twice',
    }),
  );

export const AuthSettings = z
  .object({
    ...shared,
    ADMIN_EMAIL: Email.default('admin@example.com').meta(
      about('e-mail address of the administrator that a start creates where none can log in'),
    ),
    ADMIN_PASSWORD: z
      .string()
      .optional()
      .meta(about('their password', { without: 'made up and printed', secret: true })),
    AUTH_KEY_SECRET: z
      .string()
      .min(32)
      .optional()
      .meta(
        about('encrypts the private signing keys and the secrets of authenticator apps in the database', {
          production: 'needed',
          secret: true,
        }),
      ),

    AUTH_PROVIDERS: ForeignProviderList.meta(
      about(
        'who else people may log in with: JSON, [{"name", "client", "secret"}] for google, microsoft and github, with "issuer" and "label" for any other OpenID provider',
        { secret: true, without: 'nobody' },
      ),
    ),
    SHOP_NAME: z
      .string()
      .trim()
      .min(1)
      .max(50)
      .default('Fissile')
      .meta(about('the name at the top of pages and in mails')),
    SHOP_COLOUR: z
      .string()
      .toLowerCase()
      .regex(/^#[0-9a-f]{6}$/, 'must be a colour such as #0b57d0')
      .default('#0b57d0')
      .meta(about('the colour of buttons and links, made lighter or darker where it could not be read')),

    ACCESS_TOKEN_SECONDS: whole(60, 3_600).default(900).meta(about('seconds that an access token holds')),
    SESSION_IDLE_DAYS: whole(1, 365).default(30).meta(about('days after which a session that is not refreshed ends')),
    SESSION_MAX_DAYS: whole(1, 365).default(90).meta(about('days after which every session ends')),
    SESSIONS_PER_ACCOUNT: whole(1, 10_000)
      .default(50)
      .meta(about('sessions of an account; one more ends the one that was not used for the longest time')),
    REFRESH_GRACE_SECONDS: whole(0, 60)
      .default(5)
      .meta(about('seconds in which a used refresh token gives the same answer again; 0 is strict')),
    SIGNING_KEY_DAYS: whole(2, 365).default(30).meta(about('days that a key signs')),

    PASSWORD_MIN_LENGTH: whole(8, 64).default(15).meta(about('characters of a password')),
    PASSWORD_HASH_MEMORY: whole(19_456, 1_048_576).default(19_456).meta(about('argon2id: KiB of memory')),
    PASSWORD_HASH_PASSES: whole(2, 20).default(2).meta(about('argon2id: passes')),
    PASSWORD_HASH_LANES: whole(1, 16).default(1).meta(about('argon2id: lanes')),
    // Node computes them on the four threads it also reads files and looks up names on; one stays free.
    PASSWORD_HASHES_AT_ONCE: whole(1, 64)
      .default(Math.min(3, availableParallelism()))
      .meta(
        about('passwords that are hashed at once, on threads of their own', { without: '3, less on fewer processors' }),
      ),
    PASSWORD_HASH_QUEUE: whole(1, 10_000)
      .default(250)
      .meta(about('logins and registrations that wait; more are turned away')),

    LOGIN_FAILURES_PER_ACCOUNT: whole(1, 100)
      .default(5)
      .meta(about('wrong passwords before the next attempt has to wait')),
    LOGIN_FAILURES_PER_ADDRESS: whole(1, 1_000_000).default(200).meta(about('the same for a network')),
    LOGINS_PER_ACCOUNT: whole(1, 1_000_000).default(100).meta(about('logins that succeed, an hour')),
    LOGINS_PER_ADDRESS: whole(1, 1_000_000).default(5_000).meta(about('the same for a network')),
    UNVERIFIED_MAY: z
      .enum(['everything', 'nothing'])
      .default('everything')
      .meta(
        about(
          'what an account may do before its e-mail address is verified; with "nothing" it cannot log in. Accounts that were there before 0.2 may everything',
        ),
      ),
    MAILS_PER_RECIPIENT: whole(1, 1_000)
      .default(10)
      .meta(about('mails to one address that strangers can have sent, an hour; then one a minute')),
    MAILS_PER_ADDRESS: whole(1, 1_000_000)
      .default(1_000)
      .meta(about('mails that one network, or one person, can have sent, an hour')),
    REGISTRATIONS_PER_ADDRESS: whole(1, 1_000_000).default(1_000).meta(about('registrations of a network, an hour')),
  })
  .refine(
    ({ ADMIN_PASSWORD, PASSWORD_MIN_LENGTH }) =>
      ADMIN_PASSWORD === undefined || [...ADMIN_PASSWORD].length >= PASSWORD_MIN_LENGTH,
    {
      path: ['ADMIN_PASSWORD'],
      message: 'is shorter than PASSWORD_MIN_LENGTH allows; take a few random words',
    },
  )
  .refine(({ NODE_ENV, AUTH_KEY_SECRET }) => NODE_ENV !== 'production' || AUTH_KEY_SECRET !== undefined, {
    path: ['AUTH_KEY_SECRET'],
    message: 'is needed in production: 32 characters or more, such as `openssl rand -hex 32` prints',
  });
export type AuthSettings = z.output<typeof AuthSettings>;
