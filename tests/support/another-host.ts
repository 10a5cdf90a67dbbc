/** A host of its own for a test, as a network namespace: what runs there reaches this machine over a network that can be cut. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';

export interface AnotherHost {
  /** This machine's address, as the host sees it. */
  readonly address: string;
  /** The host's address, as this machine sees it. */
  readonly itsAddress: string;
  /** Starts a program there. */
  run(program: string, args: readonly string[], environment: Record<string, string>): ChildProcess;
  /** Cuts the network: from now on nobody hears anything of it, not even that its connections are closed. */
  vanish(): void;
  remove(): void;
}

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });

/** Why there can be none here; undefined where there can. */
export function whyNoOtherHost(): string | undefined {
  const name = `fissile-${process.pid}`;
  let reason: string | undefined;
  try {
    ip('netns', 'add', name);
    ip('netns', 'delete', name);
  } catch {
    reason = 'needs network namespaces: iproute2, and the rights of root';
  }
  if (reason !== undefined && process.env.REQUIRE_SERVICES === '1') throw new Error(`A test ${reason}`);
  return reason;
}

export function anotherHost(): AnotherHost {
  const id = randomInt(10_000, 100_000);
  const [name, here, there] = [`fissile-${id}`, `fsl${id}a`, `fsl${id}b`];
  // A network of 4 addresses within 198.18.0.0/15, which is for tests (RFC 2544).
  const network = `198.18.${randomInt(256)}`;
  const first = 4 * randomInt(63);
  const [address, itsAddress] = [`${network}.${first + 1}`, `${network}.${first + 2}`];
  ip('netns', 'add', name);
  ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name);
  ip('address', 'add', `${address}/30`, 'dev', here);
  ip('link', 'set', here, 'up');
  ip('-n', name, 'address', 'add', `${itsAddress}/30`, 'dev', there);
  ip('-n', name, 'link', 'set', there, 'up');
  ip('-n', name, 'link', 'set', 'lo', 'up');
  return {
    address,
    itsAddress,
    run: (program, args, environment) =>
      spawn('ip', ['netns', 'exec', name, program, ...args], {
        env: { PATH: process.env.PATH, ...environment },
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    vanish: () => void ip('-n', name, 'link', 'set', there, 'down'),
    remove() {
      // By itself it would go with the namespace, which stays as long as connections in it wait for their end.
      ip('link', 'delete', here);
      ip('netns', 'delete', name);
    },
  };
}
