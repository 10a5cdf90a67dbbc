/** The program's ports: whether they can be listened on, and what to do where they cannot. */
import { createServer } from 'node:net';
import { listen } from '../gateway/server/http-front.ts';
import type { Place } from './configuration.ts';
import { StartupError } from './startup-error.ts';

/** The variables that say where a port is. */
interface PlaceVariables {
  readonly host: string;
  readonly port: string;
}

export const publicPort: PlaceVariables = { host: 'HOST', port: 'PORT' };
export const managementPort: PlaceVariables = { host: 'MANAGEMENT_HOST', port: 'MANAGEMENT_PORT' };

/** Refuses a port that cannot be listened on, before anything is created that would be in vain. */
export async function checkPort(place: Place, variables = publicPort): Promise<void> {
  const probe = createServer();
  await withAdvice(listen(probe, place), place, variables);
  await new Promise((resolve) => probe.close(resolve));
}

/** Rejects with a line for a person where the port cannot be listened on. */
export async function withAdvice<Opened>(
  opening: Promise<Opened>,
  place: Place,
  variables: PlaceVariables,
): Promise<Opened> {
  try {
    return await opening;
  } catch (error) {
    throw cannotListen(error as NodeJS.ErrnoException, place, variables);
  }
}

function cannotListen(error: NodeJS.ErrnoException, { host, port }: Place, variables: PlaceVariables): Error {
  const reason = {
    EADDRINUSE: `Port ${port} on ${host} is taken. Stop what uses it, or choose another with ${variables.port}.`,
    EACCES: `Port ${port} needs more rights than this user has. Choose one above 1023 with ${variables.port}.`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Choose another with ${variables.host}.`,
    ENOTFOUND: `${variables.host}: there is no address for the name ${host}. Give an address of this machine, such as 127.0.0.1 or 0.0.0.0.`,
    EAI_AGAIN: `${variables.host}: no name server answers for ${host}. Give an address of this machine, such as 127.0.0.1 or 0.0.0.0.`,
    EINVAL: `${variables.host}: ${host} cannot be listened on. Give an address of this machine, such as 127.0.0.1 or 0.0.0.0.`,
  }[error.code ?? ''];
  return reason === undefined ? error : new StartupError(reason);
}
