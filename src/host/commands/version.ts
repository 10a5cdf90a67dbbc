/** `version`, `--version`: the versions of the program and of Node and PostgreSQL in it. */
import type { Command } from '../command.ts';
import { broughtVersion } from '../postgres/binaries.ts';
import { versions } from '../version.ts';

export const command: Command = {
  summary: 'show the version, and those of Node and PostgreSQL',
  json: '{"version", "commit", "node", "postgresql"}',
  async run() {
    // Packages have a longer version than what is in them.
    const postgresql = broughtVersion()?.replace(/\.0(-.*)?$/, '') ?? 'none for this platform';
    const { version, ...others } = versions(postgresql);
    return {
      lines: [`fissile ${version}`, ...Object.entries(others).map(([what, which]) => `${what} ${which}`)],
      json: { version, ...others },
    };
  },
};
