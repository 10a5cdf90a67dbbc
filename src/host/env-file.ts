/** `.env`, where people keep the settings of a checkout: read in development, and only there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from './environment.ts';
import { StartupError } from './startup-error.ts';

/**
 * Returns the variables together with those of `.env` in `folder`, which count less. Elsewhere than in development the
 * file is left alone, and `announce` says so: what production runs with is set where it is started.
 */
export function withEnvFile(given: Environment, folder: string, announce: (line: string) => void): Environment {
  const file = join(folder, '.env');
  const text = textOf(file);
  if (text === undefined) return given;
  const { NODE_ENV } = given;
  if (NODE_ENV && NODE_ENV !== 'development') {
    announce(`${file} is ignored, as NODE_ENV is ${NODE_ENV}. Set its variables where the program is started.`);
    return given;
  }
  const read = parseEnv(text) as Environment;
  const used = Object.keys(read).filter((name) => !given[name]);
  if (used.length > 0) announce(`Settings from ${file}: ${used.join(', ')}.`);
  return { ...given, ...Object.fromEntries(used.map((name) => [name, read[name]])) };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new StartupError(`${file} cannot be read (${code}). Make it readable for this user, or remove it.`, {
      cause: error,
    });
  }
}
