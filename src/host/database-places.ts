/** Where databases are, as the settings say: for many short transactions, and for what needs a session of its own. */
import type { ConnectionSettings } from '#runtime/database/postgres-database.ts';
import { type Configuration, moduleVariable, ownDatabaseUrl, ownDirectUrl } from './configuration.ts';
import type { Environment } from './environment.ts';
import { parseConnectionUrl } from './postgres/connection-url.ts';
import type { Place } from './postgres/pooler.ts';
import { StartupError } from './startup-error.ts';

export const directVariable = 'DATABASE_DIRECT_URL';

/** The two are the same unless a pooler is between. */
export interface Places {
  readonly pool: Place;
  readonly session: Place;
  /** The variable that leads past a pooler. */
  readonly directVariable: string;
}

/** The places of a module with a database of its own. */
export function ownPlaces(module: string, environment: Environment): Places | undefined {
  const [url, directUrl] = [ownDatabaseUrl(module, environment), ownDirectUrl(module, environment)];
  return url === undefined
    ? undefined
    : placesOf(
        [moduleVariable(module, 'DATABASE_URL'), url],
        [moduleVariable(module, 'DATABASE_DIRECT_URL'), directUrl],
      );
}

/** The administrator's places; undefined for the embedded server. */
export const sharedPlaces = ({ databaseUrl, databaseDirectUrl }: Configuration): Places | undefined =>
  databaseUrl === undefined ? undefined : placesOf(['DATABASE_URL', databaseUrl], [directVariable, databaseDirectUrl]);

function placesOf([variable, url]: [string, string], [direct, directUrl]: [string, string | undefined]): Places {
  const pool = { variable, connection: parsed(variable, url) };
  return {
    pool,
    session: directUrl === undefined ? pool : { variable: direct, connection: parsed(direct, directUrl) },
    directVariable: direct,
  };
}

function parsed(variable: string, url: string): ConnectionSettings {
  try {
    return parseConnectionUrl(url);
  } catch (error) {
    throw new StartupError(`${variable}: ${(error as Error).message}.`, { cause: error });
  }
}
