/** A program with some of the modules, started within the test's own process on a fresh database. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { moduleOf, type Api, type Client } from '../../src/platform/contract.ts';
import type { Role } from '../../src/platform/context.ts';
import { createLogger } from '../../src/runtime/observability/create-logger.ts';
import { signAccessToken } from '../../src/platform/access-token.ts';
import type { Authenticator } from '../../src/platform/authenticator.ts';
import { startProgram } from '../../src/host/program.ts';
import type { RunningModule } from '../../src/host/module-assembly.ts';
import { freshDatabaseUrl } from './postgres.ts';

export interface TestProgram {
  /** For supertest: `request(program.url)`. */
  readonly url: string;
  readonly databaseUrl: string;
  /** The lines shown to the person who started it. */
  readonly announced: readonly string[];
  /** The log, a JSON line each. */
  readonly logged: readonly string[];
  readonly modules: ReadonlyMap<string, RunningModule>;
  /** An access token that the program trusts; only where `auth` does not run, which would issue its own. */
  tokenFor(person?: { userId?: string; roles?: readonly Role[]; sessionId?: string }): string;
  /** Ends a session: its tokens are refused from now on. */
  endSession(sessionId: string): void;
  stop(): Promise<void>;
}

interface Options {
  readonly modules?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Stand-ins for modules that do not run here. */
  readonly remotes?: readonly (readonly [Api, object])[];
  /** Continue on a database that a test made or used before; it is not dropped then. */
  readonly databaseUrl?: string;
}

const issuer = 'fissile';
const audience = 'fissile';
const kid = 'test';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

export async function startTestProgram({
  modules,
  environment,
  remotes = [],
  databaseUrl,
}: Options = {}): Promise<TestProgram> {
  const fresh = databaseUrl === undefined ? await freshDatabaseUrl() : undefined;
  const url = databaseUrl ?? fresh!.url;
  // Made when something is kept in it: the database is elsewhere.
  const dataDir = join(tmpdir(), `fissile-data-${randomUUID()}`);
  const announced: string[] = [];
  const logged: string[] = [];
  const ended = new Set<string>();
  const listeners: ((sessionId: string) => void)[] = [];
  const authenticator: Authenticator = {
    keys: async () => [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }],
    isLive: async ({ sessionId }) => !ended.has(sessionId),
    onEnded: (listener) => void listeners.push(listener),
  };

  try {
    const program = await startProgram({
      environment: {
        NODE_ENV: 'test',
        SEED: 'none',
        PORT: '0',
        DATA_DIR: dataDir,
        SHUTDOWN_DELAY: '0',
        DATABASE_URL: url,
        DATABASE_POOL_SIZE: '5',
        ...(modules && { MODULES: modules.join(',') }),
        ...environment,
      },
      logger: createLogger({
        level: 'debug',
        format: 'json',
        // Lines that the log held back come with the next warning, in one text.
        sink: { write: (text: string) => void logged.push(...text.trimEnd().split('\n')) },
      }),
      announce: (line) => void announced.push(line),
      remoteClient: (module) => remotes.find(([remote]) => moduleOf(remote) === module)?.[1] as Client<Api> | undefined,
      authenticator,
    });
    return {
      url: program.url,
      databaseUrl: url,
      announced,
      logged,
      modules: new Map(program.modules.map((module) => [module.definition.name, module])),
      tokenFor: ({ userId = randomUUID(), roles = ['customer'] as const, sessionId = randomUUID() } = {}) =>
        signAccessToken(
          { userId, roles, sessionId },
          { kid, privateKey },
          { issuer, audience, lifetime: 900, now: new Date() },
        ),
      endSession(sessionId) {
        ended.add(sessionId);
        for (const listener of listeners) listener(sessionId);
      },
      async stop() {
        await program.stop();
        await rm(dataDir, { recursive: true, force: true });
        await fresh?.drop();
      },
    };
  } catch (error) {
    await fresh?.drop();
    throw error;
  }
}
