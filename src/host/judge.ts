/** Judges the settings before anything is created, so that one start tells all that is wrong with them. */
import type { ModuleDefinition } from '#platform/module.ts';
import {
  callTarget,
  type Configuration,
  moduleVariable,
  readConfiguration,
  upstreamOrigins,
  variablesOf,
} from './configuration.ts';
import { checkEnvironment, type Environment } from './environment.ts';
import { requireBroker, requireHistory } from './event-transport.ts';
import type { Identity } from './identity.ts';
import { checkNeeds, findModules, loadModules } from './modules.ts';
import type { ProgramOptions } from './program-options.ts';
import { schemasOf } from './settings.ts';
import { StartupError } from './startup-error.ts';
import { checkTrust } from './trust.ts';
import { ModuleVariables } from './variables.ts';

/** Returns the configuration, or throws one line that names every wrong variable, those of the modules too. */
export async function judgedConfiguration(environment: Environment): Promise<Configuration> {
  try {
    return readConfiguration(environment);
  } catch (error) {
    checkEnvironment(schemasOf(await loadModules(await findModules())), environment);
    throw error;
  }
}

export const settingsOf = (modules: readonly ModuleDefinition[]) => modules.flatMap(({ settings }) => settings ?? []);

interface Judged extends Pick<ProgramOptions, 'environment' | 'remoteClient' | 'authenticator'> {
  readonly configuration: Configuration;
  /** The modules of this process. */
  readonly definitions: readonly ModuleDefinition[];
  /** Modules that run in other processes. */
  readonly elsewhere: readonly ModuleDefinition[];
  readonly isGateway: boolean;
  readonly identity: Identity;
}

/** Throws one line with every reason why these modules cannot run with these settings. */
export function judge({
  environment,
  configuration,
  definitions,
  elsewhere,
  isGateway,
  identity,
  ...given
}: Judged): void {
  const isCalled = (module: string) =>
    given.remoteClient?.(module) !== undefined || callTarget(module, environment) !== undefined;
  const isReachable = (module: string) => definitions.some(({ name }) => name === module) || isCalled(module);
  const talksToOthers =
    configuration.grpcPort !== undefined || elsewhere.some(({ name }) => callTarget(name, environment) !== undefined);
  throwAll([
    () =>
      checkEnvironment(
        [
          ...settingsOf(definitions),
          ...[...definitions, ...elsewhere].map(({ name }) => variablesOf(name, ModuleVariables)),
        ],
        environment,
      ),
    () => checkNeeds(definitions, isReachable),
    () => checkTrust({ definitions, elsewhere, isCalled, configuration, given: given.authenticator }),
    () => isGateway && checkUpstreams(elsewhere, environment),
    () => talksToOthers && identity.peer,
    // Stand-ins for modules elsewhere are a test's, and announce nothing.
    () => !given.remoteClient && requireBroker({ here: definitions, elsewhere }, configuration, environment),
    () => requireHistory(definitions, configuration),
  ]);
}

function checkUpstreams(elsewhere: readonly ModuleDefinition[], environment: Environment): void {
  const lost = elsewhere.map(({ name }) => name).filter((name) => upstreamOrigins(name, environment) === undefined);
  if (lost.length === 0) return;
  throw new StartupError(
    `The gateway needs ${lost.map((name) => moduleVariable(name, 'HTTP_URL')).join(', ')}: where ${lost.join(', ')} can be reached, as they do not run here.`,
  );
}

function throwAll(checks: readonly (() => unknown)[]): void {
  const mistakes = new Set<string>();
  for (const check of checks) {
    try {
      check();
    } catch (error) {
      if (!(error instanceof StartupError)) throw error;
      mistakes.add(error.message);
    }
  }
  if (mistakes.size > 0) throw new StartupError([...mistakes].join(' '));
}
