/** Runs all processes of a topology on this machine until somebody stops them. */
import { resolve } from 'node:path';
import { isOneFile } from '#platform/assets.ts';
import { createLogger, logOutput } from '#runtime/observability/create-logger.ts';
import type { Configuration } from '../configuration.ts';
import { checkEnvironment, type Environment } from '../environment.ts';
import { greet, say } from '../greeting.ts';
import { checkPort, managementPort } from '../ports.ts';
import { judgedConfiguration, settingsOf } from '../judge.ts';
import { findModules, loadModules } from '../modules.ts';
import { Opened } from '../opened.ts';
import { stopSignal } from '../stop-signal.ts';
import { openTopologyDatabases } from './databases.ts';
import { waitUntilReady } from './front-door.ts';
import { instancesOf } from './instances.ts';
import { MergedLog } from './merged-log.ts';
import { checkBroker, checkPorts } from './preflight.ts';
import { renewedCertificates } from './renewed-certificates.ts';
import { Supervisor } from './supervisor.ts';
import { readTopology, refuseModules, type Topology } from './topology.ts';
import { Variables } from '../variables.ts';
import { unknownVariables } from '../unknown-variables.ts';

/** Milliseconds beyond SHUTDOWN_TIMEOUT until a process that does not end is killed. */
const grace = 3_000;
/** Milliseconds for processes that are ready to find each other. */
const patience = 30_000;

/** Resolves with the exit code once all has stopped. */
export async function serveTopology(environment: Environment, file: string): Promise<number> {
  const configuration = await judgedConfiguration(environment);
  const modules = await loadModules(await findModules());
  checkEnvironment(settingsOf(modules), environment);
  for (const line of unknownVariables(environment, modules)) say(line);
  refuseModules(configuration);
  const logger = createLogger({ level: configuration.logLevel, ...logOutput(environment, process.stdout.isTTY) });
  const opened = new Opened(logger);
  const stopAsked = stopSignal();
  let failure: Error | void = undefined;
  try {
    const topology = await readTopology(file, await findModules(), environment);
    const running = start(topology, configuration, environment, opened);
    const started = await Promise.race([running, stopAsked]);
    if (started) {
      greet(started);
      failure = await Promise.race([stopAsked, started.failed]);
    }
    say(
      failure
        ? `Stopping: ${failure.message}`
        : 'Stopping: finishing what is under way. Press Ctrl-C again to stop at once.',
    );
    // A process that is still starting is closed as soon as it has started.
    await opened.closeAll();
    await running.catch(() => {});
  } finally {
    await opened.closeAll();
    logger.close();
  }
  if (failure) return 1;
  say('Stopped.');
  return 0;
}

/** Without those that the host reads, in every process. */
async function moduleSettings(): Promise<ReadonlyMap<string, readonly string[]>> {
  const modules = await loadModules(await findModules());
  const ofHost = new Set(Object.keys(Variables.shape));
  return new Map(
    modules.map(({ name, settings }) => [
      name,
      Object.keys(settings?.shape ?? {}).filter((variable) => !ofHost.has(variable)),
    ]),
  );
}

interface Started {
  readonly url: string;
  readonly dataLocation: string;
  readonly failed: Promise<Error>;
}

async function start(
  topology: Topology,
  configuration: Configuration,
  environment: Environment,
  opened: Opened,
): Promise<Started> {
  await checkPorts(topology);
  if (configuration.management) await checkPort(configuration.management, managementPort);
  if (topology.eventsUrl !== undefined) await checkBroker(topology.eventsUrl);
  const { urls, location, failed, migrated } = await openTopologyDatabases(
    { topology, configuration, environment, announce: say },
    opened,
  );
  // No load balancer has to notice that a person at a terminal stops it.
  const processes = process.stdout.isTTY ? { ...environment, SHUTDOWN_DELAY: '0' } : environment;
  const means = { environment: processes, databases: urls, settings: await moduleSettings() };
  const dataDir = resolve(configuration.dataDir);
  const toRenew = {
    topology,
    environment,
    dataDir,
    onError: (error: Error) => say(`The certificates could not be renewed: ${error.message}`),
  };
  const instances = instancesOf(topology, { ...means, certificates: await renewedCertificates(toRenew, opened) });

  const log = new MergedLog(
    instances.map(({ name }) => name),
    {
      ...logOutput(environment, process.stdout.isTTY),
      out: process.stdout,
      toPerson: process.stderr,
    },
  );
  const supervisor = new Supervisor(instances, {
    // The one file is the program itself.
    command: isOneFile ? [process.execPath] : [process.execPath, ...process.execArgv, process.argv[1]!],
    log,
    stopTimeout: configuration.shutdownTimeout + grace,
  });
  opened.add('the processes', () => supervisor.stop());
  const { ready: url, management = url } = await supervisor.start();
  migrated();
  await waitUntilReady(management, patience);
  return { url, dataLocation: location, failed };
}
