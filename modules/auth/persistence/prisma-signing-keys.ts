import type { KeySealing } from '../domain/key-sealing.ts';
import type { SigningKeys } from '../domain/signing-keys.ts';
import type { PrismaClient } from './generated/client.ts';

export function prismaSigningKeys(prisma: PrismaClient, sealing: KeySealing): SigningKeys {
  return {
    async all() {
      const rows = await prisma.signingKey.findMany({ orderBy: { generation: 'asc' } });
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
      const stored = sealing.seal(privateKey, kid);
      const { count } = await prisma.signingKey.createMany({
        data: { generation, kid, modulus: n, exponent: e, privateKey: stored, signsFrom, signsUntil },
        skipDuplicates: true,
      });
      return count === 1;
    },

    async removeEndedBy(at) {
      await prisma.signingKey.deleteMany({ where: { signsUntil: { lte: at } } });
    },
  };
}
