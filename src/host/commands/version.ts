/** `--version`: what this is and what it brings along. */
import { broughtVersion } from '../postgres/binaries.ts';
import { versions } from '../version.ts';

export function showVersion(json: boolean): number {
  // Packages have a longer version than what is in them.
  const postgresql = broughtVersion()?.replace(/\.0(-.*)?$/, '') ?? 'none for this platform';
  const all = versions(postgresql);
  if (json) console.log(JSON.stringify(all));
  else console.log(`fissile ${all.version}\ncommit ${all.commit}\nnode ${all.node}\npostgresql ${all.postgresql}`);
  return 0;
}
