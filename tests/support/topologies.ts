/** Topologies made for tests, and started as `npm start -- --topology` does. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { administrator, freePorts, launch, type RunningProgram } from './running-program.ts';

export interface Group {
  readonly name: string;
  readonly modules: readonly string[];
  readonly replicas?: number;
}

/** Every way to put `modules` into groups. */
export function partitions(modules: readonly string[]): string[][][] {
  const [first, ...rest] = modules;
  if (first === undefined) return [[]];
  return partitions(rest).flatMap((groups) => [
    [[first], ...groups],
    ...groups.map((group, index) => groups.with(index, [first, ...group])),
  ]);
}

export interface Ports {
  readonly port: number;
  readonly grpcPort: number;
}

/** Writes a topology with these groups, and the gateway apart, on free ports. Returns where each listens. */
export async function writeTopology(file: string, groups: readonly Group[]): Promise<ReadonlyMap<string, Ports>> {
  const all: Group[] = [{ name: 'gateway', modules: ['gateway'] }, ...groups];
  const ports = new Map<string, Ports>();
  const lines = ['events: ${EVENTS_URL}', 'processes:'];
  for (const { name, modules, replicas = 1 } of all) {
    const [port, grpcPort] = [await freePorts(replicas), await freePorts(replicas)];
    ports.set(name, { port, grpcPort });
    lines.push(
      `  ${name}: { modules: [${modules.join(', ')}], replicas: ${replicas}, port: ${port}, grpcPort: ${grpcPort} }`,
    );
  }
  writeFileSync(file, `${lines.join('\n')}\n`);
  return ports;
}

/** Starts `file` and waits until the supervisor says that it is ready. */
export async function startTopology(
  file: string,
  environment: Record<string, string>,
): Promise<RunningProgram & { readonly startedIn: number }> {
  const begun = performance.now();
  const program = launch({ LOG_LEVEL: 'warn', ADMIN_PASSWORD: administrator.password, ...environment }, [
    '--topology',
    file,
  ]);
  let exitCode: number | null | undefined;
  void program.exited.then((code) => (exitCode = code));
  for (const deadline = Date.now() + 300_000; Date.now() < deadline; await delay(25)) {
    if (exitCode !== undefined) break;
    const url = /Address +(\S+)/.exec(program.output())?.[1];
    if (url && /Stop +Ctrl-C/.test(program.output())) return { ...program, url, startedIn: performance.now() - begun };
  }
  await program.stop('SIGKILL');
  throw new Error(`The topology did not become ready:\n${program.output()}`);
}

export interface Supervised {
  readonly pid: number;
  /** The modules it runs. */
  readonly modules: string;
  readonly port: number;
  /** Names of its environment variables. */
  readonly variables: readonly string[];
}

/** The processes that a supervisor runs at the moment, PostgreSQL apart. */
export function processesOf(supervisor: number): Supervised[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(join('/proc', name, 'status'), 'utf8'))?.[1];
        if (Number(parent) !== supervisor) return [];
        const environment = new Map(
          readFileSync(join('/proc', name, 'environ'), 'utf8')
            .split('\0')
            .map((line) => {
              const equals = line.indexOf('=');
              return [line.slice(0, equals), line.slice(equals + 1)] as const;
            }),
        );
        const modules = environment.get('MODULES');
        return modules === undefined
          ? []
          : [{ pid: Number(name), modules, port: Number(environment.get('PORT')), variables: [...environment.keys()] }];
      } catch {
        // It ended just now.
        return [];
      }
    });
}

/** Bytes that a process holds in memory. */
export const residentMemory = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
