/** Kafka itself: its jars from Maven Central, kept outside of the checkout so that each machine fetches them once. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const pom = join(import.meta.dirname, 'pom.xml');
const listed = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12);
const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fissile', `kafka-${listed}`);

const works = (program: string, option: string) => spawnSync(program, [option]).status === 0;

export const classPath = join(folder, '*');

/** Why no broker can be started here; undefined if one can. */
export function withoutKafka(): string | undefined {
  if (!works('java', '-version')) return 'needs java on the path, to run Kafka';
  if (!existsSync(folder)) return "needs Kafka's jars: npm run kafka -- --fetch";
  return undefined;
}

/** Copies the jars to where `classPath` finds them, unless they are there. */
export function fetchJars(): void {
  if (existsSync(folder)) return;
  if (!works('mvn', '-v')) throw new Error(`Kafka's jars are fetched with Maven; put mvn on the path (Debian: maven)`);
  mkdirSync(dirname(folder), { recursive: true });
  // Whole or not at all, also when two begin at once.
  const half = mkdtempSync(`${folder}-`);
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${half}`, '-DincludeScope=runtime'];
  const { status } = spawnSync('mvn', ['-q', '-B', '-f', pom, ...goal], { stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    rmSync(half, { recursive: true });
    throw new Error(`Maven could not fetch Kafka's jars; what it says is above`);
  }
  if (!existsSync(folder)) renameSync(half, folder);
}
