/** The suite that every store of the OAuth server's state must pass. */
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import type { Accounts } from '../domain/accounts.ts';
import type { NewState, OAuthState } from '../domain/oauth-state.ts';
import type { Sessions } from '../domain/sessions.ts';
import { anAccount, aSession as sessionOf, minute, noon, SteppedClock } from './accounts.ts';

export interface OAuthStateUnderTest {
  readonly state: OAuthState;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
}

const inAMinute = new Date(noon.getTime() + minute);
const some = (fields: Partial<NewState> = {}): NewState => ({
  payload: { scope: 'openid', nested: { list: [1, 'two', null] } },
  expiresAt: inAMinute,
  ...fields,
});

export function oauthStateSuite(make: (clock: SteppedClock) => OAuthStateUnderTest): void {
  let clock: SteppedClock;
  let state: OAuthState;
  let ports: OAuthStateUnderTest;
  let id: string;
  beforeEach(() => {
    clock = new SteppedClock();
    ports = make(clock);
    state = ports.state;
    id = randomUUID();
  });

  async function aSession() {
    const account = anAccount();
    await ports.accounts.add(account);
    const session = sessionOf(account);
    const opened = await ports.sessions.open(session, account.passwordHash);
    return { account, sessionId: session.id, end: () => ports.sessions.end(opened?.refreshToken ?? '') };
  }

  it('gives back what was stored, by kind and id', async () => {
    expect(await state.put('Grant', id, some())).toBe(true);
    expect(await state.find('Grant', id)).toEqual({ payload: some().payload, consumedAt: undefined });
    expect(await state.find('Session', id)).toBeUndefined();
    expect(await state.find('Grant', randomUUID())).toBeUndefined();
  });

  it('replaces what has the same kind and id', async () => {
    await state.put('Session', id, some({ uid: `${id} 1` }));
    await state.put('Session', id, some({ payload: { changed: true }, uid: `${id} 2` }));
    expect((await state.find('Session', id))?.payload).toEqual({ changed: true });
    expect(await state.findByUid('Session', `${id} 1`)).toBeUndefined();
    expect((await state.findByUid('Session', `${id} 2`))?.payload).toEqual({ changed: true });
  });

  it('finds by uid and by user code what has one, of the kind that is asked for', async () => {
    await state.put('Session', id, some({ uid: `u${id}` }));
    await state.put('DeviceCode', id, some({ userCode: `c${id}` }));
    expect(await state.findByUid('Session', `u${id}`)).toBeDefined();
    expect(await state.findByUid('DeviceCode', `u${id}`)).toBeUndefined();
    expect(await state.findByUserCode('DeviceCode', `c${id}`)).toBeDefined();
    expect(await state.findByUserCode('DeviceCode', `u${id}`)).toBeUndefined();
  });

  it('S10 lets one of many at the same time consume it, and remembers when', async () => {
    await state.put('AuthorizationCode', id, some());
    const all = await Promise.all(Array.from({ length: 8 }, () => state.consume('AuthorizationCode', id)));
    expect(all.filter(Boolean)).toHaveLength(1);
    expect((await state.find('AuthorizationCode', id))?.consumedAt).toEqual(noon);
    expect(await state.consume('AuthorizationCode', randomUUID()), 'of what is not there').toBe(false);
  });

  it('S10 keeps it consumed when it is stored again', async () => {
    await state.put('DeviceCode', id, some());
    await state.consume('DeviceCode', id);
    await state.put('DeviceCode', id, some({ payload: {} }));
    expect((await state.find('DeviceCode', id))?.consumedAt).toEqual(noon);
    expect(await state.consume('DeviceCode', id)).toBe(false);
  });

  it('S38 stores once what may come once, of many at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => state.putOnce('ReplayDetection', id, some())));
    expect(all.filter(Boolean)).toHaveLength(1);
  });

  it('goes with its session, however that ends, and comes with none that has ended', async () => {
    const { sessionId, end } = await aSession();
    expect(await state.put('RefreshToken', id, some({ sessionId }))).toBe(true);
    await end();
    expect(await state.find('RefreshToken', id)).toBeUndefined();
    expect(await state.put('RefreshToken', id, some({ sessionId }))).toBe(false);
    expect(await state.putOnce('RefreshToken', id, some({ sessionId }))).toBe(false);
    expect(await state.find('RefreshToken', id)).toBeUndefined();
  });

  it('goes with its account', async () => {
    const { account } = await aSession();
    expect(await state.put('Session', id, some({ accountId: account.id }))).toBe(true);
    await ports.accounts.forget(account.id);
    expect(await state.find('Session', id)).toBeUndefined();
    expect(await state.put('Session', id, some({ accountId: account.id }))).toBe(false);
  });

  it('is removed', async () => {
    await state.put('Interaction', id, some());
    await state.remove('Interaction', id);
    expect(await state.find('Interaction', id)).toBeUndefined();
    await state.remove('Interaction', id);
  });

  it('is pruned when it has expired, and only then', async () => {
    await state.put('Grant', id, some());
    clock.advance(minute - 1);
    await state.prune();
    expect(await state.find('Grant', id)).toBeDefined();
    clock.advance(1);
    expect(await state.find('Grant', id), 'told as long as it is there').toBeDefined();
    await state.prune();
    expect(await state.find('Grant', id)).toBeUndefined();
  });
}
