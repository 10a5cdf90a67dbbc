import { describe } from 'vitest';
import { lifetimes, SteppedClock } from './accounts.ts';
import { applicationsSuite } from './applications.suite.ts';
import { emailCodesSuite } from './email-codes.suite.ts';
import { guessesAtOnceSuite } from './guesses-at-once.suite.ts';
import { identitySuite } from './identity.suite.ts';
import { identitiesSuite } from './identities.suite.ts';
import { InMemoryIdentities } from './in-memory-identities.ts';
import { inMemoryApplications } from './in-memory-applications.ts';
import { InMemoryEmailCodes } from './in-memory-email-codes.ts';
import { inMemoryIdentity } from './in-memory-identity.ts';
import { InMemoryOAuthState } from './in-memory-oauth-state.ts';
import { InMemorySigningKeys } from './in-memory-signing-keys.ts';
import { InMemoryThrottle } from './in-memory-throttle.ts';
import { oauthStateSuite } from './oauth-state.suite.ts';
import { signingKeysSuite } from './signing-keys.suite.ts';
import { throttleSuite } from './throttle.suite.ts';

describe('identity in memory', () => {
  identitySuite(inMemoryIdentity);
});

describe('the throttle in memory', () => {
  throttleSuite((clock) => new InMemoryThrottle(clock));
});

describe('guesses at the same time, in memory', () => {
  guessesAtOnceSuite(() => {
    const clock = new SteppedClock();
    return { clock, ...inMemoryIdentity(clock, lifetimes), throttle: new InMemoryThrottle(clock) };
  });
});

describe('signing keys in memory', () => {
  signingKeysSuite(async () => new InMemorySigningKeys());
});

describe('applications in memory', () => {
  applicationsSuite((clock, times) => {
    const identity = inMemoryIdentity(clock, times);
    return { ...identity, ...inMemoryApplications(clock, identity) };
  });
});

describe('the state of the OAuth server in memory', () => {
  oauthStateSuite((clock) => {
    const identity = inMemoryIdentity(clock, lifetimes);
    return { ...identity, state: new InMemoryOAuthState(clock, identity.exists) };
  });
});

describe('identities in memory', () => {
  identitiesSuite(() => {
    const { accounts } = inMemoryIdentity(new SteppedClock(), lifetimes);
    return { accounts, identities: new InMemoryIdentities(accounts) };
  });
});

describe('proofs by mail in memory', () => {
  emailCodesSuite((clock) => ({
    accounts: inMemoryIdentity(clock, lifetimes).accounts,
    codes: new InMemoryEmailCodes(clock),
  }));
});
