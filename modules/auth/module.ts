/** The wiring of auth. */
import { Audit } from '#platform/audit.ts';
import { Clock } from '#platform/clock.ts';
import { Database } from '#platform/database.ts';
import { Outbox } from '#platform/outbox.ts';
import { PersonalTraces } from '#platform/personal-traces.ts';
import { atStart, compose, defineModule, every, on, onCommandLine, site, use } from '#platform/module.ts';
import { Logger } from '#platform/logger.ts';
import { Mail } from '#platform/mail.ts';
import { Authenticator } from '#platform/authenticator.ts';
import { Transaction } from '#platform/transaction.ts';
import { personErased } from '../users/contract.ts';
import { AuthApi, emailVerified, userRegistered } from './contract.ts';
import { AccessTokens } from './domain/access-tokens.ts';
import { Accounts } from './domain/accounts.ts';
import { Administration } from './domain/administration.ts';
import { AdministratorSettings } from './domain/administrator.ts';
import { Applications } from './domain/applications.ts';
import { Authorizations } from './domain/authorizations.ts';
import { Consents } from './domain/consents.ts';
import { Devices } from './domain/devices.ts';
import { EmailCodes } from './domain/email-codes.ts';
import { Factors } from './domain/factors.ts';
import { ForeignProviders } from './domain/foreign-providers.ts';
import { Identities } from './domain/identities.ts';
import { Limits } from './domain/limits.ts';
import { OAuthState } from './domain/oauth-state.ts';
import { OneTimeCodes } from './domain/one-time-codes.ts';
import { PasswordHasher } from './domain/password-hasher.ts';
import { CommonPasswords, PasswordRules } from './domain/password-rules.ts';
import { SessionEndings } from './domain/session-endings.ts';
import { SessionLifetimes } from './domain/session-lifetimes.ts';
import { Sessions } from './domain/sessions.ts';
import { SigningKeys } from './domain/signing-keys.ts';
import { Shop } from './domain/shop.ts';
import { Throttle } from './domain/throttle.ts';
import { TotpSecrets } from './domain/totp-secrets.ts';
import { administrationEndpoints } from './http/administration-endpoints.ts';
import { applicationEndpoints } from './http/application-endpoints.ts';
import { emailEndpoints } from './http/email-endpoints.ts';
import { authEndpoints } from './http/endpoints.ts';
import { ownPages } from './http/pages/account.ts';
import { applicationPages } from './http/pages/applications.ts';
import { connectionPages, continuePages } from './http/pages/elsewhere.ts';
import { PageKit, pageKit } from './http/pages/kit.ts';
import { logInPages } from './http/pages/login.ts';
import { recoveryPages, verifyPages } from './http/pages/recovery.ts';
import { registerPages } from './http/pages/register.ts';
import { sessionPages } from './http/pages/sessions.ts';
import { accountPages } from './http/pages/site.ts';
import { oauthSite } from './http/oauth/site.ts';
import { sessionEndpoints } from './http/session-endpoints.ts';
import { changeAddress, changeAddressMail, changeAsked, changeAskedMail } from './mails/change-address.ts';
import { notice, noticeMail } from './mails/notice.ts';
import * as reset from './mails/reset-password.ts';
import { verifyAddress, verifyAddressMail } from './mails/verify-address.ts';
import { PrismaClient } from './persistence/generated/client.ts';
import { postgresAdministration } from './persistence/postgres-administration.ts';
import { postgresApplications } from './persistence/postgres-applications.ts';
import { postgresAuthorizations } from './persistence/postgres-authorizations.ts';
import { postgresConsents } from './persistence/postgres-consents.ts';
import { postgresEmailCodes } from './persistence/postgres-email-codes.ts';
import { postgresDevices } from './persistence/postgres-devices.ts';
import { postgresOAuthState } from './persistence/postgres-oauth-state.ts';
import { postgresFactors } from './persistence/postgres-factors.ts';
import { postgresIdentities } from './persistence/postgres-identities.ts';
import { postgresSigningKeys } from './persistence/postgres-signing-keys.ts';
import { postgresTotpSecrets } from './persistence/postgres-totp-secrets.ts';
import { prismaAccounts } from './persistence/prisma-accounts.ts';
import { prismaSessions } from './persistence/prisma-sessions.ts';
import { prismaThrottle } from './persistence/prisma-throttle.ts';
import { configuredForeignProviders } from './providers/configured-foreign-providers.ts';
import { forgetPerson } from './reactions/forget-person.ts';
import { Argon2Passwords } from './security/argon2-passwords.ts';
import { CommonPasswordList } from './security/common-password-list.ts';
import { keySealing } from './security/key-sealing.ts';
import { oneTimeCodes } from './security/one-time-codes.ts';
import { sessionAuthenticator } from './security/session-authenticator.ts';
import { SignedAccessTokens } from './security/signed-access-tokens.ts';
import { AuthSettings } from './settings.ts';
import {
  createAdministratorNow,
  listAdministrators,
  resetAdministratorPassword,
} from './use-cases/administrator-commands.ts';
import { allowErasure } from './use-cases/allow-erasure.ts';
import { Authenticate, authenticate } from './use-cases/authenticate.ts';
import { BrowserSessions, browserSessions } from './use-cases/browser-sessions.ts';
import { changePassword } from './use-cases/change-password.ts';
import { ConfirmFactor, confirmFactor } from './use-cases/confirm-factor.ts';
import { changeRoles } from './use-cases/change-roles.ts';
import { confirmEmailChange } from './use-cases/confirm-email-change.ts';
import { rememberDevice, RememberDevice } from './use-cases/remember-device.ts';
import { requestEmailChange } from './use-cases/request-email-change.ts';
import { requestEmailVerification } from './use-cases/request-email-verification.ts';
import { requestPasswordReset } from './use-cases/request-password-reset.ts';
import { requireVerified, RequireVerified } from './use-cases/require-verified.ts';
import { resetPassword } from './use-cases/reset-password.ts';
import { verifyEmail, verifyEmailByCode } from './use-cases/verify-email.ts';
import { createAdministrator } from './use-cases/create-administrator.ts';
import { disconnectIdentity } from './use-cases/disconnect-identity.ts';
import { disableAccount } from './use-cases/disable-account.ts';
import { enableAccount } from './use-cases/enable-account.ts';
import { endSessionsOf } from './use-cases/end-sessions-of.ts';
import { endOtherSessions } from './use-cases/end-other-sessions.ts';
import { endSession } from './use-cases/end-session.ts';
import { exportPersonalData } from './use-cases/export-personal-data.ts';
import { ForeignLogins, foreignLogins } from './use-cases/foreign-logins.ts';
import { getAccount } from './use-cases/get-account.ts';
import { getApplication } from './use-cases/get-application.ts';
import { getPublicKeys } from './use-cases/get-public-keys.ts';
import { getRegistration } from './use-cases/get-registration.ts';
import { isSessionLive } from './use-cases/is-session-live.ts';
import { listSessions } from './use-cases/list-sessions.ts';
import { listIdentities } from './use-cases/list-identities.ts';
import { listApplications } from './use-cases/list-applications.ts';
import { listConsents } from './use-cases/list-consents.ts';
import { logIn } from './use-cases/log-in.ts';
import { LogInAtPage, logInAtPage } from './use-cases/log-in-at-page.ts';
import { logOut } from './use-cases/log-out.ts';
import { prune } from './use-cases/prune.ts';
import { RecordFailedLogIn, recordFailedLogIn } from './use-cases/record-failed-log-in.ts';
import { refresh } from './use-cases/refresh.ts';
import { register } from './use-cases/register.ts';
import { removeFactors } from './use-cases/remove-factors.ts';
import { registerApplication } from './use-cases/register-application.ts';
import { removeApplication } from './use-cases/remove-application.ts';
import { renewApplicationSecret } from './use-cases/renew-application-secret.ts';
import { renewSigningKeys } from './use-cases/renew-signing-keys.ts';
import { requireNewPassword } from './use-cases/require-new-password.ts';
import { searchAccounts } from './use-cases/search-accounts.ts';
import { sealSecrets } from './use-cases/seal-secrets.ts';
import {
  disableUser,
  enableUser,
  endSessionsOfUser,
  grantRole,
  listUsers,
  removeFactorsOfUser,
  resetPasswordOfUser,
  searchUsers,
  showUser,
  takeRole,
} from './use-cases/user-commands.ts';
import { stepUp } from './use-cases/step-up.ts';
import { replaceApplication } from './use-cases/replace-application.ts';
import { revokeConsent } from './use-cases/revoke-consent.ts';

const hour = 60 * 60 * 1_000;
const day = 24 * hour;

export default defineModule('auth', {
  offers: AuthApi,
  publishes: [userRegistered, emailVerified],
  settings: AuthSettings,
  ports(bind) {
    bind(SessionEndings).toConstantValue(new SessionEndings());
    bind(SessionLifetimes).toResolvedValue(
      (settings) => ({
        access: settings.ACCESS_TOKEN_SECONDS * 1_000,
        idle: settings.SESSION_IDLE_DAYS * day,
        absolute: settings.SESSION_MAX_DAYS * day,
        grace: settings.REFRESH_GRACE_SECONDS * 1_000,
        perAccount: settings.SESSIONS_PER_ACCOUNT,
      }),
      [AuthSettings],
    );
    bind(Limits).toResolvedValue(
      (settings) =>
        new Limits({
          failuresPerAccount: settings.LOGIN_FAILURES_PER_ACCOUNT,
          failuresPerAddress: settings.LOGIN_FAILURES_PER_ADDRESS,
          loginsPerAccount: settings.LOGINS_PER_ACCOUNT,
          loginsPerAddress: settings.LOGINS_PER_ADDRESS,
          registrationsPerAddress: settings.REGISTRATIONS_PER_ADDRESS,
          mailsPerRecipient: settings.MAILS_PER_RECIPIENT,
          mailsPerAddress: settings.MAILS_PER_ADDRESS,
        }),
      [AuthSettings],
    );
    bind(AdministratorSettings).toResolvedValue(
      ({ ADMIN_EMAIL, ADMIN_PASSWORD }) => ({ email: ADMIN_EMAIL, password: ADMIN_PASSWORD }),
      [AuthSettings],
    );
    bind(CommonPasswords).toConstantValue(new CommonPasswordList());
    bind(PasswordRules).toResolvedValue(
      ({ PASSWORD_MIN_LENGTH, TOKEN_ISSUER }, common) =>
        new PasswordRules(PASSWORD_MIN_LENGTH, common, ['fissile', TOKEN_ISSUER]),
      [AuthSettings, CommonPasswords],
    );
    bind(PasswordHasher).toResolvedValue(
      (settings) =>
        new Argon2Passwords({
          cost: {
            memory: settings.PASSWORD_HASH_MEMORY,
            passes: settings.PASSWORD_HASH_PASSES,
            parallelism: settings.PASSWORD_HASH_LANES,
          },
          concurrency: settings.PASSWORD_HASHES_AT_ONCE,
          queue: settings.PASSWORD_HASH_QUEUE,
          holdsConnection: () => Database.anyTransactionOpen,
        }),
      [AuthSettings],
    );

    bind(Shop).toResolvedValue(
      ({ SHOP_NAME, SHOP_COLOUR, PUBLIC_URL }) => ({ name: SHOP_NAME, colour: SHOP_COLOUR, url: PUBLIC_URL }),
      [AuthSettings],
    );
    bind(PrismaClient).toResolvedValue((database) => database.prisma(PrismaClient), [Database]);
    bind(Accounts).toResolvedValue(prismaAccounts, [Database, PrismaClient, PersonalTraces, SessionEndings]);
    bind(Administration).toResolvedValue(postgresAdministration, [Database, SessionEndings]);
    bind(Sessions).toResolvedValue(prismaSessions, [Database, PrismaClient, SessionEndings, SessionLifetimes, Clock]);
    bind(Devices).toResolvedValue(postgresDevices, [Database, Clock]);
    bind(EmailCodes).toResolvedValue(
      (database, clock, { AUTH_KEY_SECRET }) => postgresEmailCodes(database, clock, AUTH_KEY_SECRET),
      [Database, Clock, AuthSettings],
    );
    bind(TotpSecrets).toResolvedValue(
      (database, { AUTH_KEY_SECRET }) =>
        postgresTotpSecrets(database, keySealing(AUTH_KEY_SECRET, 'auth totp secrets')),
      [Database, AuthSettings],
    );
    bind(Factors).toResolvedValue(postgresFactors, [Database]);
    bind(OneTimeCodes).toResolvedValue(({ TOKEN_ISSUER }) => oneTimeCodes(TOKEN_ISSUER), [AuthSettings]);
    bind(Throttle).toResolvedValue(prismaThrottle, [Database, PrismaClient, Clock]);
    bind(Applications).toResolvedValue(postgresApplications, [Database, SessionEndings, Clock]);
    bind(Consents).toResolvedValue(postgresConsents, [Database, SessionEndings]);
    bind(Authorizations).toResolvedValue(postgresAuthorizations, [Database, SessionEndings, SessionLifetimes, Clock]);
    bind(OAuthState).toResolvedValue(
      (database, { AUTH_KEY_SECRET }, clock) => postgresOAuthState(database, keySealing(AUTH_KEY_SECRET), clock),
      [Database, AuthSettings, Clock],
    );
    bind(SigningKeys).toResolvedValue(
      (database, { AUTH_KEY_SECRET }) => postgresSigningKeys(database, keySealing(AUTH_KEY_SECRET)),
      [Database, AuthSettings],
    );
    bind(AccessTokens).toResolvedValue(
      (keys, clock, lifetimes, { TOKEN_ISSUER, PUBLIC_URL, TOKEN_AUDIENCE, SIGNING_KEY_DAYS }) =>
        new SignedAccessTokens(keys, clock, {
          issuer: TOKEN_ISSUER,
          publicIssuer: PUBLIC_URL,
          audience: TOKEN_AUDIENCE,
          lifetime: lifetimes.access,
          keyPeriod: SIGNING_KEY_DAYS * day,
        }),
      [SigningKeys, Clock, SessionLifetimes, AuthSettings],
    );
    bind(ConfirmFactor).toResolvedValue(confirmFactor, [
      TotpSecrets,
      Factors,
      OneTimeCodes,
      Throttle,
      Limits,
      Clock,
      Logger,
    ]);
    bind(RequireVerified).toResolvedValue(requireVerified, [AuthSettings, Transaction, Mail, Throttle, Limits, Logger]);
    bind(RememberDevice).toResolvedValue(rememberDevice, [Transaction, Devices, Mail, Throttle, Limits, Clock]);
    bind(Authenticate).toResolvedValue(authenticate, [
      Accounts,
      PasswordRules,
      PasswordHasher,
      Throttle,
      Limits,
      ConfirmFactor,
      RequireVerified,
      Transaction,
      Audit,
      RecordFailedLogIn,
      Mail,
      Clock,
      Logger,
    ]);
    bind(Identities).toResolvedValue(postgresIdentities, [Database, Accounts]);
    bind(ForeignProviders).toResolvedValue(
      ({ AUTH_PROVIDERS, PUBLIC_URL }) => configuredForeignProviders(AUTH_PROVIDERS, PUBLIC_URL),
      [AuthSettings],
    );
    bind(ForeignLogins).toResolvedValue(foreignLogins, [
      Transaction,
      ForeignProviders,
      Accounts,
      Identities,
      OAuthState,
      Outbox,
      Audit,
      AdministratorSettings,
      PasswordHasher,
      Throttle,
      Limits,
      Clock,
      Logger,
    ]);
    bind(BrowserSessions).toResolvedValue(browserSessions, [
      Transaction,
      Sessions,
      OAuthState,
      Accounts,
      RememberDevice,
      SessionLifetimes,
      Audit,
      Clock,
      Logger,
    ]);
    bind(PageKit).toResolvedValue(pageKit, [AuthSettings, BrowserSessions]);
    bind(LogInAtPage).toResolvedValue(logInAtPage, [
      Authenticate,
      ConfirmFactor,
      BrowserSessions,
      Accounts,
      OAuthState,
      Clock,
    ]);
    bind(RecordFailedLogIn).toResolvedValue(recordFailedLogIn, [Transaction, Audit, Clock]);
    bind(Authenticator).toResolvedValue(sessionAuthenticator, [AccessTokens, Sessions, SessionEndings]);
  },
  operations: {
    register: use(register, [
      Transaction,
      Accounts,
      Outbox,
      Mail,
      AdministratorSettings,
      PasswordRules,
      PasswordHasher,
      Throttle,
      Limits,
      Clock,
      Logger,
    ]),
    logIn: use(logIn, [Authenticate, Sessions, RememberDevice, AccessTokens, Transaction, Audit, Clock, Logger]),
    refresh: use(refresh, [Transaction, Sessions, AccessTokens, Audit, Logger]),
    logOut: use(logOut, [Transaction, Sessions, Audit, Logger]),
    requestEmailVerification: use(requestEmailVerification, [Transaction, Accounts, Mail, Throttle, Limits, Logger]),
    verifyEmail: use(verifyEmail, [Transaction, Accounts, EmailCodes, Outbox, Audit, Clock, Logger]),
    verifyEmailByCode: use(verifyEmailByCode, [
      Transaction,
      Accounts,
      EmailCodes,
      Throttle,
      Limits,
      Outbox,
      Audit,
      Clock,
      Logger,
    ]),
    requestEmailChange: use(requestEmailChange, [
      Transaction,
      Accounts,
      Mail,
      PasswordHasher,
      Throttle,
      Limits,
      Clock,
      Logger,
    ]),
    confirmEmailChange: use(confirmEmailChange, [
      Transaction,
      Accounts,
      EmailCodes,
      Mail,
      Outbox,
      Audit,
      Clock,
      Logger,
    ]),
    requestPasswordReset: use(requestPasswordReset, [Transaction, Mail, Throttle, Limits, Logger]),
    resetPassword: use(resetPassword, [
      Transaction,
      Accounts,
      EmailCodes,
      PasswordRules,
      PasswordHasher,
      Throttle,
      Limits,
      Mail,
      Outbox,
      Audit,
      Clock,
      Logger,
    ]),
    changePassword: use(changePassword, [
      Transaction,
      Accounts,
      PasswordRules,
      PasswordHasher,
      Throttle,
      Limits,
      Audit,
      Mail,
      Clock,
      Logger,
    ]),
    disableAccount: use(disableAccount, [Transaction, Accounts, Audit, Clock, Logger]),
    stepUp: use(stepUp, [Accounts, Sessions, PasswordHasher, Throttle, Limits, AccessTokens, Logger]),
    listSessions: use(listSessions, [Sessions]),
    endSession: use(endSession, [Transaction, Sessions, Audit, Logger]),
    endOtherSessions: use(endOtherSessions, [Transaction, Sessions, Audit, Logger]),
    allowErasure: use(allowErasure, [Accounts, Sessions, PasswordHasher, Throttle, Limits, Clock, Logger]),
    enableAccount: use(enableAccount, [Transaction, Accounts, Audit, Logger]),
    searchAccounts: use(searchAccounts, [Administration]),
    getAccount: use(getAccount, [Accounts, Sessions, Factors]),
    changeRoles: use(changeRoles, [Transaction, Administration, Audit, Logger]),
    endSessionsOf: use(endSessionsOf, [Transaction, Administration, Audit, Logger]),
    requireNewPassword: use(requireNewPassword, [Transaction, Administration, Audit, Logger]),
    removeFactors: use(removeFactors, [Transaction, Accounts, Factors, Audit, Logger]),
    getPublicKeys: use(getPublicKeys, [AccessTokens]),
    isSessionLive: use(isSessionLive, [Sessions]),
    getRegistration: use(getRegistration, [Accounts]),
    listIdentities: use(listIdentities, [Identities]),
    disconnectIdentity: use(disconnectIdentity, [Transaction, Identities, Audit]),
    registerApplication: use(registerApplication, [Transaction, Applications, Audit, Clock, Logger]),
    getApplication: use(getApplication, [Applications]),
    listApplications: use(listApplications, [Applications]),
    replaceApplication: use(replaceApplication, [Transaction, Applications, Audit, Clock, Logger]),
    removeApplication: use(removeApplication, [Transaction, Applications, Audit, Logger]),
    renewApplicationSecret: use(renewApplicationSecret, [Transaction, Applications, Audit, Clock, Logger]),
    listConsents: use(listConsents, [Consents]),
    revokeConsent: use(revokeConsent, [Transaction, Consents, Audit, Logger]),
    exportPersonalData: use(exportPersonalData, [Accounts, Sessions, Identities, Consents]),
  },
  // Its name is stored with deliveries, and as a queue at the broker.
  reactions: {
    'erase-account': on(personErased, forgetPerson, [Accounts, Throttle, Logger], {
      summary: 'Erases the account and ends its sessions.',
    }),
  },
  mails: [
    compose(verifyAddress, verifyAddressMail, [Accounts, EmailCodes, Shop]),
    compose(changeAddress, changeAddressMail, [Accounts, EmailCodes, Shop]),
    compose(changeAsked, changeAskedMail, [Accounts, Shop]),
    compose(reset.resetPassword, reset.resetPasswordMail, [Accounts, EmailCodes, Shop]),
    compose(notice, noticeMail, [Shop]),
  ],
  schedules: {
    'renew-signing-keys': every(hour, renewSigningKeys, [AccessTokens]),
    prune: every(hour, prune, [Sessions, Devices, EmailCodes, Applications, OAuthState, Throttle]),
  },
  starts: [
    atStart(sealSecrets, [SigningKeys, TotpSecrets, Logger]),
    atStart(renewSigningKeys, [AccessTokens]),
    atStart(createAdministrator, [
      Transaction,
      Accounts,
      Outbox,
      Audit,
      PasswordRules,
      PasswordHasher,
      AdministratorSettings,
      Clock,
    ]),
  ],
  commands: {
    'admin list': onCommandLine(
      {
        takes: [],
        summary: 'list the administrators',
        json: 'an array of {email, name, registeredAt, disabledAt, oneTimePassword}',
      },
      listAdministrators,
      [Accounts],
    ),
    'admin create': onCommandLine(
      {
        takes: ['EMAIL'],
        summary: 'create an administrator, and print a password for the first login',
        json: '{"email", "password"}',
      },
      createAdministratorNow,
      [Transaction, Accounts, Outbox, Audit, PasswordHasher, Clock],
    ),
    'admin reset-password': onCommandLine(
      {
        takes: ['EMAIL'],
        summary: 'print a new password for the next login, and end all sessions',
        json: '{"email", "password", "disabledAt"}',
      },
      resetAdministratorPassword,
      [Transaction, Accounts, Audit, PasswordHasher, Throttle],
    ),
    'users list': onCommandLine(
      { takes: [], summary: 'list the newest accounts', json: 'an array of accounts' },
      listUsers,
      [Administration],
    ),
    'users search': onCommandLine(
      { takes: ['BEGINNING'], summary: 'list the accounts whose address begins so', json: 'an array of accounts' },
      searchUsers,
      [Administration],
    ),
    'users show': onCommandLine(
      {
        takes: ['EMAIL'],
        summary: 'show an account, its sessions and its second factors',
        json: 'an account, with factors and sessions',
      },
      showUser,
      [Accounts, Sessions, Factors],
    ),
    'users disable': onCommandLine(
      { takes: ['EMAIL'], summary: 'keep an account from logging in, and end its sessions', json: 'the account' },
      disableUser,
      [Transaction, Accounts, Audit, Clock],
    ),
    'users enable': onCommandLine(
      { takes: ['EMAIL'], summary: 'let an account log in again', json: 'the account' },
      enableUser,
      [Transaction, Accounts, Audit],
    ),
    'users end-sessions': onCommandLine(
      { takes: ['EMAIL'], summary: 'end all sessions of an account', json: 'the account' },
      endSessionsOfUser,
      [Transaction, Accounts, Administration, Audit],
    ),
    'users reset-password': onCommandLine(
      {
        takes: ['EMAIL'],
        summary: 'print a new password for the next login, and end all sessions',
        json: 'the account, with its password',
      },
      resetPasswordOfUser,
      [Transaction, Accounts, PasswordHasher, Throttle, Audit],
    ),
    'users remove-factors': onCommandLine(
      { takes: ['EMAIL'], summary: 'remove the second factors of an account', json: 'the account' },
      removeFactorsOfUser,
      [Transaction, Accounts, Factors, Audit],
    ),
    'users grant': onCommandLine(
      { takes: ['EMAIL', 'ROLE'], summary: 'give an account a role', json: 'the account' },
      grantRole,
      [Transaction, Accounts, Administration, Audit],
    ),
    'users take': onCommandLine(
      { takes: ['EMAIL', 'ROLE'], summary: 'take a role from an account', json: 'the account' },
      takeRole,
      [Transaction, Accounts, Administration, Audit],
    ),
  },
  sites: [
    site(['/oauth/*', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'], oauthSite, [
      AuthSettings,
      BrowserSessions,
      AccessTokens,
      OAuthState,
      Applications,
      Consents,
      Authorizations,
      Accounts,
      Sessions,
      SessionLifetimes,
      Clock,
      Logger,
    ]),
    site(['/account/*'], accountPages, [
      PageKit,
      use(logInPages, [PageKit, LogInAtPage, BrowserSessions, ForeignProviders]),
      use(continuePages, [PageKit, ForeignLogins, LogInAtPage]),
      use(registerPages, [PageKit, AuthApi.register]),
      use(recoveryPages, [PageKit, AuthApi.requestPasswordReset, AuthApi.resetPassword]),
      use(verifyPages, [PageKit, AuthApi.verifyEmail, AuthApi.confirmEmailChange]),
      use(ownPages, [PageKit, AuthApi.changePassword]),
      use(sessionPages, [PageKit, AuthApi.listSessions, AuthApi.endSession, AuthApi.endOtherSessions]),
      use(applicationPages, [PageKit, AuthApi.listConsents, AuthApi.revokeConsent]),
      use(connectionPages, [
        PageKit,
        ForeignProviders,
        ForeignLogins,
        AuthApi.listIdentities,
        AuthApi.disconnectIdentity,
      ]),
    ]),
  ],
  scopes: { 'accounts:read': 'See the accounts of everybody' },
  endpoints: [
    ...authEndpoints,
    ...sessionEndpoints,
    ...administrationEndpoints,
    ...applicationEndpoints,
    ...emailEndpoints,
  ],
  authenticates: { keys: AuthApi.getPublicKeys, session: AuthApi.isSessionLive },
});
