/** Guesses that are made at the same time, over the real database. */
import { afterAll, beforeAll, describe } from 'vitest';
import { testDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { guessesAtOnceSuite } from '../testing/guesses-at-once.suite.ts';
import { PrismaClient } from './generated/client.ts';
import { SessionEndings } from '../domain/session-endings.ts';
import { lifetimes, SteppedClock } from '../testing/accounts.ts';
import { keySealing } from '../security/key-sealing.ts';
import { postgresDevices } from './postgres-devices.ts';
import { postgresFactors } from './postgres-factors.ts';
import { postgresTotpSecrets } from './postgres-totp-secrets.ts';
import { prismaAccounts } from './prisma-accounts.ts';
import { prismaSessions } from './prisma-sessions.ts';
import { prismaThrottle } from './prisma-throttle.ts';

let auth: TestDatabase;
beforeAll(async () => {
  auth = await testDatabase('auth');
});
afterAll(() => auth.drop());

describe('guesses at the same time, in PostgreSQL', () => {
  guessesAtOnceSuite(() => {
    const clock = new SteppedClock();
    const endings = new SessionEndings();
    const prisma = auth.database.prisma(PrismaClient);
    return {
      clock,
      transaction: (work) => auth.database.transaction(work),
      totpSecrets: postgresTotpSecrets(auth.database, keySealing(undefined)),
      factors: postgresFactors(auth.database),
      accounts: prismaAccounts(auth.database, prisma, auth.traces, endings),
      devices: postgresDevices(auth.database, clock),
      sessions: prismaSessions(auth.database, prisma, endings, lifetimes, clock),
      throttle: prismaThrottle(auth.database, prisma, clock),
    };
  });
});
