import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { anyContext, hour, second } from '../testing/accounts.ts';
import { inMemoryAuth } from '../testing/in-memory-auth.ts';
import { listConsents } from './list-consents.ts';
import { registerApplication } from './register-application.ts';
import { removeApplication } from './remove-application.ts';
import { renewApplicationSecret } from './renew-application-secret.ts';
import { replaceApplication } from './replace-application.ts';
import { revokeConsent } from './revoke-consent.ts';

function setUp() {
  const auth = inMemoryAuth();
  const { transaction, applications, consents, audit, clock, logger } = auth;
  const register = registerApplication(transaction, applications, audit, clock, logger);
  const replace = replaceApplication(transaction, applications, audit, clock, logger);
  const nothing = { postLogoutRedirectUris: [], scopes: [], roles: [] };
  const usual = { name: 'Notes', redirectUris: ['https://notes.example/done'], ...nothing };
  const renew = renewApplicationSecret(transaction, applications, audit, clock, logger);
  return {
    ...auth,
    registerWith: (fields: Partial<Parameters<typeof register>[0]> = {}) =>
      register({ kind: 'confidential', ...usual, ...fields }, anyContext),
    replace: (applicationId: string, fields: Partial<Parameters<typeof replace>[0]>) =>
      replace({ applicationId, disabled: false, ...usual, ...fields }, anyContext),
    remove: (applicationId: string) =>
      removeApplication(transaction, applications, audit, logger)({ applicationId }, anyContext),
    renew: (applicationId: string, overlap: number) => renew({ applicationId, overlap }, anyContext),
    consentsOf: (userId: string) => listConsents(consents)({ userId }, anyContext),
    revoke: (userId: string, applicationId: string) =>
      revokeConsent(transaction, consents, audit, logger)({ userId, applicationId }, anyContext),
  };
}

describe('registering an application', () => {
  it('gives those a secret that can keep one, and stores a hash of it', async () => {
    const { registerWith, applications, logger } = setUp();
    const { clientSecret, applicationId } = await registerWith();
    expect(clientSecret).toMatch(/^[\w-]{43}$/);
    const stored = await applications.secrets(applicationId);
    expect(stored).toHaveLength(1);
    expect(JSON.stringify([stored, await applications.find(applicationId), logger.lines])).not.toContain(clientSecret);
    expect(await registerWith({ kind: 'machine', redirectUris: [] })).toHaveProperty('clientSecret');
    const app = await registerWith({ kind: 'public' });
    expect(app).not.toHaveProperty('clientSecret');
    expect(await applications.secrets(app.applicationId)).toEqual([]);
  });

  it.each([
    ['public', 'com.example.notes:/done'],
    ['public', 'http://127.0.0.1/done'],
    ['public', 'http://[::1]:8080/done'],
    ['confidential', 'https://notes.example/done?from=shop'],
    ['confidential', 'http://localhost:3000/done'],
  ] as const)('S9 lets a %s one send people back to %s', async (kind, uri) => {
    expect(await setUp().registerWith({ kind, redirectUris: [uri] })).toMatchObject({ redirectUris: [uri] });
  });

  it.each([
    ['confidential', 'http://notes.example/done'],
    ['confidential', 'com.example.notes:/done'],
    ['public', 'javascript:alert(1)'],
    ['public', 'data:text/html,hello'],
    ['public', 'notes:/done'],
    ['public', 'https://*.notes.example/done'],
    ['public', 'https://notes.example/done#here'],
    ['public', 'https://me@notes.example/done'],
    ['public', '/done'],
  ] as const)('S9 does not let a %s one send people back to %s', async (kind, uri) => {
    const refused = { code: 'auth.application-unfit', fields: [{ path: '/redirectUris/1' }] };
    const redirectUris = ['https://notes.example/done', uri];
    await expect(setUp().registerWith({ kind, redirectUris })).rejects.toMatchObject(refused);
    const logout = { postLogoutRedirectUris: [uri] };
    await expect(setUp().registerWith({ kind, ...logout })).rejects.toMatchObject({ code: refused.code });
  });

  it('refuses what does not go together with its kind', async () => {
    const { registerWith } = setUp();
    const unfit = (fields: Parameters<typeof registerWith>[0], path: string) =>
      expect(registerWith(fields)).rejects.toMatchObject({ code: 'auth.application-unfit', fields: [{ path }] });
    await unfit({ redirectUris: [] }, '/redirectUris');
    await unfit({ kind: 'machine' }, '/redirectUris');
    await unfit({ roles: ['admin'] }, '/roles');
    await unfit({ backchannelLogoutUri: 'http://notes.example/out' }, '/backchannelLogoutUri');
  });
});

describe('replacing an application', () => {
  it('keeps its kind and its age, and changes nothing when the result is not fit', async () => {
    const { registerWith, replace, applications, clock } = setUp();
    const { applicationId, clientSecret: _, ...registered } = await registerWith();
    clock.advance(hour);
    expect(await replace(applicationId, { name: 'Other' })).toEqual({ ...registered, applicationId, name: 'Other' });
    await expect(replace(applicationId, { name: 'Third', redirectUris: ['http://x.example'] })).rejects.toThrow();
    expect(await applications.find(applicationId)).toMatchObject({ name: 'Other' });
    expect(await replace(applicationId, { disabled: true })).toMatchObject({ disabled: true });
    const since = (await applications.find(applicationId))?.disabledAt;
    clock.advance(hour);
    await replace(applicationId, { disabled: true });
    expect((await applications.find(applicationId))?.disabledAt, 'since the first time').toEqual(since);
    expect(await replace(applicationId, {})).toMatchObject({ disabled: false });
    await expect(replace(uuid(), {})).rejects.toMatchObject({ code: 'auth.application-not-found' });
  });

  it('gives another secret, beside the ones before it for the time that is asked for', async () => {
    const { registerWith, renew, applications, clock } = setUp();
    const { applicationId, clientSecret: first } = await registerWith();
    const { clientSecret } = await renew(applicationId, 3_600);
    expect(clientSecret).not.toBe(first);
    expect(await applications.secrets(applicationId)).toHaveLength(2);
    clock.advance(hour);
    expect(await applications.secrets(applicationId)).toHaveLength(1);
    clock.advance(second);
    await renew(applicationId, 0);
    expect(await applications.secrets(applicationId), 'one that leaked is dead at once').toHaveLength(1);
    const { applicationId: app } = await registerWith({ kind: 'public' });
    await expect(renew(app, 0)).rejects.toMatchObject({ code: 'auth.application-has-no-secret' });
    await expect(renew(uuid(), 0)).rejects.toMatchObject({ code: 'auth.application-not-found' });
  });

  it('removes it once', async () => {
    const { registerWith, remove } = setUp();
    const { applicationId } = await registerWith();
    await remove(applicationId);
    await expect(remove(applicationId)).rejects.toMatchObject({ code: 'auth.application-not-found' });
  });
});

describe('what a person allowed applications', () => {
  it('S21 is listed and can be taken back', async () => {
    const { register, registerWith, consents, consentsOf, revoke, clock } = setUp();
    const { userId } = await register('ada@example.com');
    const { applicationId, name } = await registerWith();
    const consent = { applicationId, scopes: ['openid'], givenAt: clock.now() };
    await consents.give({ accountId: userId, ...consent });
    expect(await consentsOf(userId)).toEqual({
      data: [{ ...consent, name, givenAt: consent.givenAt.toISOString() }],
    });
    await revoke(userId, applicationId);
    expect(await consentsOf(userId)).toEqual({ data: [] });
    await revoke(userId, applicationId);
  });
});

describe('the audit log', () => {
  it('S40 tells of each act on applications, without secrets', async () => {
    const { audit, registerWith, renew, replace, remove, consents, register, revoke, clock } = setUp();
    const { userId } = await register('ada@example.com');
    const { applicationId, clientSecret } = await registerWith();
    const renewed = await renew(applicationId, 0);
    await replace(applicationId, { disabled: true });
    await consents.give({ accountId: userId, applicationId, scopes: ['openid'], givenAt: clock.now() });
    await revoke(userId, applicationId);
    await remove(applicationId);
    await expect(remove(applicationId)).rejects.toThrow();
    const told = audit.entries.filter(({ target }) => target === applicationId);
    expect(told.map(({ act, outcome }) => `${act} ${outcome}`)).toEqual([
      'auth.register-application done',
      'auth.renew-application-secret done',
      'auth.replace-application done',
      'auth.revoke-consent done',
      'auth.remove-application done',
      'auth.remove-application refused',
    ]);
    for (const secret of [clientSecret!, renewed.clientSecret]) expect(JSON.stringify(told)).not.toContain(secret);
  });
});
