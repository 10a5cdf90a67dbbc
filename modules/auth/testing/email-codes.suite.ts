/** The guarantees of proofs by mail, for every implementation. */
import { expect, it } from 'vitest';
import type { Accounts } from '../domain/accounts.ts';
import { type EmailCodes, guessesAllowed, proofLifetime, proofsAtOnce } from '../domain/email-codes.ts';
import { anAccount, SteppedClock } from './accounts.ts';

export function emailCodesSuite(make: (clock: SteppedClock) => { accounts: Accounts; codes: EmailCodes }): void {
  async function setUp() {
    const clock = new SteppedClock();
    const { accounts, codes } = make(clock);
    const { id: accountId, email } = anAccount();
    await accounts.add(anAccount({ id: accountId, email }));
    return { clock, codes, accountId, email, issue: () => codes.issue('verify', { accountId, email }) };
  }
  const wrong = (code: string) => (code === '000000' ? '000001' : '000000');

  it('a link says whose mail was read, once', async () => {
    const { codes, accountId, email, issue } = await setUp();
    const { token, code } = await issue();
    expect(code).toMatch(/^\d{6}$/);
    expect(token.length).toBeGreaterThan(30);
    expect(await codes.find('verify', token)).toEqual({ accountId, email });
    expect(await codes.redeem('verify', token)).toEqual({ accountId, email });
    expect(await codes.redeem('verify', token)).toBeUndefined();
    expect(await codes.redeemCode('verify', accountId, code)).toBeUndefined();
  });

  it('so does a code, which uses up the link too', async () => {
    const { codes, accountId, email, issue } = await setUp();
    const { token, code } = await issue();
    expect(await codes.redeemCode('verify', accountId, code)).toEqual({ accountId, email });
    expect(await codes.find('verify', token)).toBeUndefined();
  });

  it('of many uses at the same time one succeeds', async () => {
    const { codes, issue } = await setUp();
    const { token } = await issue();
    const all = await Promise.all(Array.from({ length: 5 }, () => codes.redeem('verify', token)));
    expect(all.filter(Boolean)).toHaveLength(1);
  });

  it('is good for its own purpose and account only', async () => {
    const { codes, issue } = await setUp();
    const { token, code } = await issue();
    const other = await setUp();
    expect(await codes.redeem('reset', token)).toBeUndefined();
    expect(await codes.redeemCode('verify', other.accountId, code)).toBeUndefined();
    expect(await codes.find('verify', token)).toBeDefined();
  });

  it('holds until its time is over', async () => {
    const { codes, clock, accountId, issue } = await setUp();
    const { token, code } = await issue();
    clock.advance(proofLifetime.verify - 1);
    expect(await codes.find('verify', token)).toBeDefined();
    clock.advance(1);
    expect(await codes.redeem('verify', token)).toBeUndefined();
    expect(await codes.redeemCode('verify', accountId, code)).toBeUndefined();
    await codes.prune();
    expect(await codes.find('verify', token)).toBeUndefined();
  });

  it('leaves the last few good when another is made, and all are used up together', async () => {
    const { codes, clock, issue } = await setUp();
    const tokens: string[] = [];
    for (let n = 0; n <= proofsAtOnce; n++) {
      tokens.push((await issue()).token);
      clock.advance(1_000);
    }
    const [first, ...others] = tokens;
    expect(await codes.find('verify', first!)).toBeUndefined();
    expect(await codes.redeem('verify', others[0]!)).toBeDefined();
    for (const token of others) expect(await codes.find('verify', token)).toBeUndefined();
  });

  it(`a code dies of ${guessesAllowed} wrong ones, and the link does not`, async () => {
    const { codes, accountId, issue } = await setUp();
    const { token, code } = await issue();
    for (let n = 0; n < guessesAllowed; n++)
      expect(await codes.redeemCode('verify', accountId, wrong(code))).toBeUndefined();
    expect(await codes.redeemCode('verify', accountId, code)).toBeUndefined();
    expect(await codes.redeem('verify', token)).toBeDefined();
  });

  it('forgets what must not be used any more', async () => {
    const { codes, accountId, issue } = await setUp();
    const { token } = await issue();
    await codes.forget(accountId, 'reset');
    expect(await codes.find('verify', token)).toBeDefined();
    await codes.forget(accountId, 'verify');
    expect(await codes.find('verify', token)).toBeUndefined();
  });
}
