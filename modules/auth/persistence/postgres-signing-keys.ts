import type { Database } from '#platform/database.ts';
import type { KeySealing } from '../domain/key-sealing.ts';
import type { SigningKeys } from '../domain/signing-keys.ts';

interface Row {
  readonly generation: number;
  readonly kid: string;
  readonly modulus: string;
  readonly exponent: string;
  readonly privateKey: string;
  readonly signsFrom: Date;
  readonly signsUntil: Date;
}

/** Not through Prisma: every start looks at the keys, and would wait for Prisma's query compiler to be loaded. */
export function postgresSigningKeys(database: Database, sealing: KeySealing): SigningKeys {
  return {
    async all() {
      const { rows } = await database.query<Row>(
        `select generation, kid, modulus, exponent, private_key as "privateKey", signs_from as "signsFrom", signs_until as "signsUntil"
         from auth.signing_keys order by generation`,
      );
      return rows.map(({ generation, kid, modulus, exponent, privateKey, signsFrom, signsUntil }) => ({
        generation,
        publicKey: { kty: 'RSA', kid, use: 'sig', alg: 'RS256', n: modulus, e: exponent },
        privateKey: sealing.open(privateKey, kid),
        signsFrom,
        signsUntil,
      }));
    },

    async add({ generation, publicKey, privateKey, signsFrom, signsUntil }) {
      if (privateKey === undefined) throw new TypeError('A key that cannot sign is not worth keeping.');
      const { kid, n, e } = publicKey;
      const { rowCount } = await database.query(
        `insert into auth.signing_keys (generation, kid, modulus, exponent, private_key, signs_from, signs_until)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
        [generation, kid, n, e, sealing.seal(privateKey, kid), signsFrom, signsUntil],
      );
      return rowCount === 1;
    },

    async sealClear() {
      const { rows } = await database.query<{ kid: string; privateKey: string }>(
        'select kid, private_key as "privateKey" from auth.signing_keys',
      );
      let count = 0;
      for (const { kid, privateKey } of rows) {
        const sealed = sealing.isSealed(privateKey) ? privateKey : sealing.seal(privateKey, kid);
        if (sealed === privateKey) continue;
        await database.query('update auth.signing_keys set private_key = $2 where kid = $1', [kid, sealed]);
        count += 1;
      }
      return count;
    },

    async removeEndedBy(at) {
      await database.query('delete from auth.signing_keys where signs_until <= $1', [at]);
    },
  };
}
