// ADR 0022
/** Argon2id (RFC 9106) by Node itself: off the event loop, a few at a time. */
import { argon2, type Argon2Parameters, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { AuthErrors } from '../contract.ts';
import { PasswordHasher, type Requester } from '../domain/password-hasher.ts';
import { normalized } from '../domain/password-rules.ts';
import { FairQueue } from './fair-queue.ts';

/** The cost of one hash. OWASP's first choice is 19 MiB, two passes, one lane. */
export interface Cost {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

export interface Argon2Options {
  readonly cost: Cost;
  /** Each occupies a thread of Node's pool of four and a core. */
  readonly concurrency: number;
  /** How many may wait. */
  readonly queue: number;
  /** Tells whether the caller keeps a database connection from others while it waits. */
  readonly holdsConnection: () => boolean;
}

interface Parsed extends Cost {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const saltLength = 16;
const hashLength = 32;
/** Seconds after which a full queue has moved on. */
const retryAfter = 2;
/** Half of a usual pool: the other half is for those who are logged in already. */
const mostHoldingConnections = 5;
/** The share of one network, so that its burst leaves some to others. */
const mostOfOneNetwork = 3;
const compute = promisify((parameters: Argon2Parameters, done: (error: Error | null, hash: Buffer) => void) =>
  argon2('argon2id', parameters, done),
);

export class Argon2Passwords extends PasswordHasher {
  readonly #cost: Cost;
  readonly #queue: FairQueue;
  readonly #queueHoldingConnections: FairQueue;
  readonly #holdsConnection: () => boolean;

  constructor({ cost, concurrency, queue, holdsConnection }: Argon2Options) {
    super();
    const busy = () => AuthErrors.busy({ retryAfter });
    this.#cost = cost;
    this.#queue = new FairQueue(concurrency, queue, busy);
    this.#queueHoldingConnections = new FairQueue(mostHoldingConnections, 0, busy, mostOfOneNetwork);
    this.#holdsConnection = holdsConnection;
  }

  async hash(password: string, requester?: Requester): Promise<string> {
    const salt = randomBytes(saltLength);
    return encode({
      ...this.#cost,
      salt,
      hash: await this.#compute(password, this.#cost, salt, hashLength, requester),
    });
  }

  async verify(password: string, hash: string | undefined, requester?: Requester): Promise<boolean> {
    if (hash === undefined) {
      await this.#compute(password, this.#cost, randomBytes(saltLength), hashLength, requester);
      return false;
    }
    const expected = decode(hash);
    const actual = await this.#compute(password, expected, expected.salt, expected.hash.length, requester);
    return timingSafeEqual(actual, expected.hash);
  }

  isOutdated(hash: string): boolean {
    const { memory, passes, parallelism } = decode(hash);
    return memory < this.#cost.memory || passes < this.#cost.passes || parallelism < this.#cost.parallelism;
  }

  #compute(
    password: string,
    cost: Cost,
    salt: Buffer,
    length: number,
    requester: Requester | undefined,
  ): Promise<Buffer> {
    const { memory, passes, parallelism } = cost;
    const message = normalized(password);
    const { network = '', account = '', signal } = requester ?? {};
    const lane = { network, account };
    const run = () =>
      this.#queue.run(
        () => compute({ message, nonce: salt, memory, passes, parallelism, tagLength: length }),
        lane,
        signal,
      );
    return this.#holdsConnection() ? this.#queueHoldingConnections.run(run, lane, signal) : run();
  }
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

/** `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, as other programs write it too (PHC string format). */
const encode = ({ memory, passes, parallelism, salt, hash }: Parsed): string =>
  `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(hash)}`;

const phc = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

function decode(text: string): Parsed {
  const [, memory, passes, parallelism, salt = '', hash = ''] = phc.exec(text) ?? [];
  if (!memory) throw new Error('A stored password hash is not in the PHC string format of argon2id.');
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}
