/** The suite that every store of signing keys must pass. */
import { expect, it } from 'vitest';
import type { SigningKey, SigningKeys } from '../domain/signing-keys.ts';
import { day, noon } from './accounts.ts';

const at = (days: number) => new Date(noon.getTime() + days * day);
export const aSigningKey = (generation: number): SigningKey => ({
  generation,
  publicKey: { kty: 'RSA', kid: `key-${generation}`, use: 'sig', alg: 'RS256', n: 'bW9kdWx1cw', e: 'AQAB' },
  privateKey: `-----BEGIN PRIVATE KEY-----\nsecret of ${generation}\n-----END PRIVATE KEY-----\n`,
  signsFrom: at(generation),
  signsUntil: at(generation + 1),
});

export function signingKeysSuite(make: () => Promise<SigningKeys>): void {
  it('gives keys as they were added, the oldest first', async () => {
    const keys = await make();
    expect(await keys.all()).toEqual([]);
    for (const generation of [2, 1, 3]) expect(await keys.add(aSigningKey(generation))).toBe(true);
    expect(await keys.all()).toEqual([aSigningKey(1), aSigningKey(2), aSigningKey(3)]);
  });

  it('takes one key of a generation, whichever comes first', async () => {
    const keys = await make();
    const added = await Promise.all(
      ['a', 'b', 'c'].map((kid) => keys.add({ ...aSigningKey(1), publicKey: { ...aSigningKey(1).publicKey, kid } })),
    );
    expect(added.filter(Boolean)).toHaveLength(1);
    expect(await keys.all()).toHaveLength(1);
  });

  it('removes what ended by then', async () => {
    const keys = await make();
    for (const generation of [1, 2, 3]) await keys.add(aSigningKey(generation));
    await keys.removeEndedBy(at(3));
    expect(await keys.all()).toEqual([aSigningKey(3)]);
  });
}
