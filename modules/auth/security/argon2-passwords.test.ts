import { argon2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Argon2Passwords } from './argon2-passwords.ts';

const cost = { memory: 19_456, passes: 2, parallelism: 1 };
const holdsConnection = () => false;
const hasher = new Argon2Passwords({ cost, concurrency: 2, queue: 100, holdsConnection });
const password = 'correct horse battery staple';

describe('password hashes', () => {
  it('S22 are argon2id of 19 MiB and two passes, in the PHC format, with a salt each', async () => {
    const [one, other] = await Promise.all([hasher.hash(password), hasher.hash(password)]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(other).not.toBe(one);
    const [, , , , salt = '', hash = ''] = one.split('$');
    const nonce = Buffer.from(salt, 'base64');
    const again = argon2Sync('argon2id', { message: password, nonce, tagLength: 32, ...cost });
    expect(again.toString('base64')).toBe(`${hash}=`);
  });

  it('know their password and no other', async () => {
    const hash = await hasher.hash(password);
    expect(await hasher.verify(password, hash)).toBe(true);
    expect(await hasher.verify(`${password} `, hash)).toBe(false);
    expect(await hasher.verify('', hash)).toBe(false);
  });

  it('S23 see every character to the last, in any script', async () => {
    const long = `${'ü'.repeat(126)}🐎`;
    const hash = await hasher.hash(`${long}a`);
    expect(await hasher.verify(`${long}a`, hash)).toBe(true);
    expect(await hasher.verify(`${long}b`, hash)).toBe(false);
    expect(await hasher.verify(`${long}a`.toUpperCase(), hash)).toBe(false);
  });

  it('S23 do not care how a keyboard sends an accent', async () => {
    const hash = await hasher.hash('Zürich im Frühling');
    expect(await hasher.verify('Zu\u0308rich im Fru\u0308hling', hash)).toBe(true);
  });

  it('verify what another program stored with other parameters', async () => {
    const nonce = Buffer.from('a salt of 16 by.');
    const weak = argon2Sync('argon2id', {
      message: password,
      nonce,
      memory: 8_192,
      passes: 1,
      parallelism: 2,
      tagLength: 24,
    });
    const bare = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
    const hash = `$argon2id$v=19$m=8192,t=1,p=2$${bare(nonce)}$${bare(weak)}`;
    expect(await hasher.verify(password, hash)).toBe(true);
    expect(await hasher.verify('wrong', hash)).toBe(false);
  });

  it('S22 are outdated as soon as any parameter rises, and not when one falls', async () => {
    const hash = await hasher.hash(password);
    const asked = (changed: Partial<typeof cost>) =>
      new Argon2Passwords({ cost: { ...cost, ...changed }, concurrency: 1, queue: 1, holdsConnection }).isOutdated(
        hash,
      );
    expect([asked({}), asked({ memory: 8_192 })]).toEqual([false, false]);
    expect([asked({ memory: 20_000 }), asked({ passes: 3 }), asked({ parallelism: 2 })]).toEqual([true, true, true]);
  });

  it('S25 are computed for an unknown account too', async () => {
    const hash = await hasher.hash(password);
    const times = { known: [] as number[], unknown: [] as number[] };
    for (let round = 0; round < 9; round++) {
      for (const [kind, stored] of [
        ['known', hash],
        ['unknown', undefined],
      ] as const) {
        // Time of the processor: others on the machine take none of it.
        const before = process.cpuUsage();
        expect(await hasher.verify('wrong', stored)).toBe(false);
        const { user, system } = process.cpuUsage(before);
        times[kind].push(user + system);
      }
    }
    const ratio = Math.min(...times.unknown) / Math.min(...times.known);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });

  describe('in a burst', () => {
    const { signal } = new AbortController();
    const from = (network: string | number) => ({ network: `${network}`, account: '', signal });
    const refusedOf = async (small: Argon2Passwords, burst: number, networks = burst) => {
      const hashes = Array.from({ length: burst }, (_, index) => small.hash(password, from(index % networks)));
      const outcomes = await Promise.allSettled(hashes);
      return outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown);
    };

    it('answer busy instead of piling up', async () => {
      const refused = await refusedOf(new Argon2Passwords({ cost, concurrency: 1, queue: 2, holdsConnection }), 6);
      expect(refused).toHaveLength(3);
      for (const reason of refused)
        expect(reason).toMatchObject({ code: 'auth.busy', kind: 'unavailable', retryAfter: 2 });
    });

    it('of one network do not hold up a login from another', async () => {
      const small = new Argon2Passwords({ cost, concurrency: 1, queue: 20, holdsConnection });
      const hash = await small.hash(password);
      const order: string[] = [];
      const logIn = (network: string, account: string) =>
        small.verify(password, hash, { network, account, signal }).then(
          () => order.push(network),
          () => order.push('refused'),
        );
      const flood = Array.from({ length: 60 }, (_, index) => logIn('attacker', `person-${index}`));
      await Promise.all([...flood, logIn('home', 'ada')]);
      const computed = order.filter((network) => network !== 'refused');
      expect(computed.slice(0, 3)).toContain('home');
      expect(computed).toHaveLength(21);
    });

    it('leave connections to others when those who wait hold some', async () => {
      const small = new Argon2Passwords({ cost, concurrency: 2, queue: 100, holdsConnection: () => true });
      expect(await refusedOf(small, 9)).toHaveLength(4);
      expect(await refusedOf(small, 5), 'and go on afterwards').toEqual([]);
    });

    it('of one network leave some of those connections to others', async () => {
      const small = new Argon2Passwords({ cost, concurrency: 2, queue: 100, holdsConnection: () => true });
      const [refused, other] = await Promise.all([refusedOf(small, 30, 1), small.hash(password, from('home'))]);
      expect(refused).toHaveLength(27);
      expect(other).toMatch(/^\$argon2id/);
      expect(await refusedOf(small, 3, 1), 'and go on afterwards').toEqual([]);
    });
  });
});
