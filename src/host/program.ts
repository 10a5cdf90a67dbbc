/**
 * The program: the modules of this process with their databases, connected to each other and served over HTTP.
 * Starting opens one thing after the other, stopping closes them in reverse order.
 */
import { setImmediate } from 'node:timers/promises';
import { Deadline } from '#platform/deadline.ts';
import { HttpFront } from '../gateway/server/http-front.ts';
import type { Configuration } from './configuration.ts';
import { openDatabases } from './databases.ts';
import type { RpcServer } from '#runtime/grpc/rpc-server.ts';
import { checkPort, managementPort, publicPort, withAdvice } from './ports.ts';
import { Identity } from './identity.ts';
import { judge, judgedConfiguration } from './judge.ts';
import type { RunningModule } from './module-assembly.ts';
import { findModules, loadModules, selectModules } from './modules.ts';
import { Opened } from './opened.ts';
import type { ProgramOptions } from './program-options.ts';
import { isSupervised } from './topology/supervised.ts';
import { unknownVariables } from './unknown-variables.ts';
import { weakSettings } from './weak-settings.ts';

/** Milliseconds for probes and scrapes under way when all else is over. */
const lastProbe = 1_000;

export interface Program {
  /** Without a slash at the end. */
  readonly url: string;
  /** Where it is asked whether it is ready, where that is not at `url`. */
  readonly managementUrl: string | undefined;
  readonly modules: readonly RunningModule[];
  /** Where the data lies, for a person. */
  readonly dataLocation: string;
  /** Resolves when the program cannot go on, such as when its database died. */
  readonly failed: Promise<Error>;
  /**
   * Takes no new requests, finishes what is under way within SHUTDOWN_TIMEOUT, and lets go of everything. Until
   * SHUTDOWN_DELAY is over it goes on, and only says that it is not ready; not so `atOnce`.
   */
  stop(options?: { readonly atOnce?: boolean }): Promise<void>;
}

/** Rejects with a StartupError where a person can do something about it; nothing is left open then. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const opened = new Opened(options.logger);
  try {
    return await openProgram(options, opened);
  } catch (error) {
    await opened.closeAll();
    throw error;
  }
}

async function openProgram(options: ProgramOptions, opened: Opened): Promise<Program> {
  const configuration = await judgedConfiguration(options.environment);
  const allModules = await findModules();
  const { modules: names, gateway: isGateway } = selectModules(allModules, configuration.modules);
  for (const line of weakSettings(configuration, isGateway)) options.announce(line);
  const identity = new Identity(configuration, options.logger, opened);
  const certificate = identity.front(isGateway);
  await checkPort(configuration);
  if (configuration.management) await checkPort(configuration.management, managementPort);

  // One turn later an existing database is on its way, and comes up while Node reads the rest of the program.
  const loading = setImmediate().then(() => Promise.all([import('./composition.ts'), loadModules(allModules)]));
  const judging = loading.then(([, everyModule]) => {
    const definitions = everyModule.filter(({ name }) => names.includes(name));
    const elsewhere = everyModule.filter((module) => !definitions.includes(module));
    const judged = { ...options, configuration, identity, definitions, elsewhere, isGateway };
    judge(judged);
    if (!isSupervised) for (const line of unknownVariables(options.environment, everyModule)) options.announce(line);
    return judged;
  });
  const opening = openDatabases({ ...options, configuration, modules: names, allModules, judged: judging }, opened);
  // Both, even if one fails: what was opened is closed afterwards, and nothing may be opened after that.
  await Promise.allSettled([judging, opening]);
  const judged = await judging;
  const databases = await opening;
  const [{ compose }] = await loading;
  const { gateway, modules, rpc } = await compose({ ...judged, databases: databases.modules }, opened);
  const front = await withAdvice(HttpFront.open(gateway, configuration, certificate), configuration, publicPort);
  opened.add('the HTTP server', () => front.close(0));
  // Closed after the public port and all deliveries: until then probes see that it drains.
  const { management: place } = configuration;
  const management = place && (await withAdvice(HttpFront.openManagement(gateway, place), place, managementPort));
  if (management) opened.add('the management port', () => management.close(lastProbe));
  let stopping: Promise<void> | undefined;
  return {
    url: front.url,
    managementUrl: management?.url,
    modules,
    dataLocation: databases.location,
    failed: databases.failed,
    stop: ({ atOnce = false } = {}) =>
      (stopping ??= drain(
        { front, rpc, modules },
        opened,
        atOnce ? { ...configuration, shutdownDelay: 0 } : configuration,
      )),
  };
}

interface Serving {
  readonly front: HttpFront;
  readonly rpc: RpcServer | undefined;
  readonly modules: readonly RunningModule[];
}

/** Requests and calls first, as they make deliveries; then the deliveries; then everything is closed. */
async function drain(
  { front, rpc, modules }: Serving,
  opened: Opened,
  { shutdownTimeout, shutdownDelay }: Configuration,
): Promise<void> {
  const deadline = new Deadline(shutdownTimeout);
  await Promise.all([front.close(shutdownTimeout, shutdownDelay), rpc?.close(shutdownTimeout)]);
  await Promise.all(modules.map(({ messaging }) => messaging.drain(deadline)));
  await opened.closeAll();
}
