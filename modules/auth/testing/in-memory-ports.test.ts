import { describe } from 'vitest';
import { lifetimes, SteppedClock } from './accounts.ts';
import { guessesAtOnceContract } from './guesses-at-once-contract.ts';
import { identityContract } from './identity-contract.ts';
import { inMemoryIdentity } from './in-memory-identity.ts';
import { InMemorySigningKeys } from './in-memory-signing-keys.ts';
import { InMemoryThrottle } from './in-memory-throttle.ts';
import { signingKeysContract } from './signing-keys-contract.ts';
import { throttleContract } from './throttle-contract.ts';

describe('identity in memory', () => {
  identityContract((clock, lifetimes) => {
    const { outbox, ...ports } = inMemoryIdentity(clock, lifetimes);
    return { ...ports, announced: () => outbox.events.map(({ name }) => name) };
  });
});

describe('the throttle in memory', () => {
  throttleContract((clock) => new InMemoryThrottle(clock));
});

describe('guesses at the same time, in memory', () => {
  guessesAtOnceContract(() => {
    const clock = new SteppedClock();
    return { ...inMemoryIdentity(clock, lifetimes), throttle: new InMemoryThrottle(clock) };
  });
});

describe('signing keys in memory', () => {
  signingKeysContract(async () => new InMemorySigningKeys());
});
