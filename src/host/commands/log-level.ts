// ADR 0077
/** `log-level`: asks a running process, at its management port, for another level of the log. */
import type { Answer, Command, CommandLine } from '../command.ts';
import { type Place, readConfiguration } from '../configuration.ts';
import type { Environment } from '../environment.ts';
import { findModules } from '../modules.ts';
import { StartupError } from '../startup-error.ts';
import { instanceName } from '../topology/instances.ts';
import { gateway } from '../topology/topology-file.ts';
import { readTopology } from '../topology/topology.ts';

export const command: Command = {
  takes: ['LEVEL', '[MODULE]', '[SECONDS]'],
  summary: 'change the level of the log of a running process for a while',
  description: `
Has the process at MANAGEMENT_PORT log as much as LEVEL says (error, warn, info, debug or silent), for 600 seconds unless SECONDS
says otherwise; then LOG_LEVEL holds again. MODULE is one of its modules, or "all". With --topology every process of the file is
asked that has a managementPort there, and for a module those that run it.`,
  flags: { '--topology <FILE>': 'for the processes of this topology' },
  json: '{"level", "module", "until"} (module is null for all); with --topology {"<process>": the same}',
  settings: ['MANAGEMENT_PORT', 'MANAGEMENT_HOST'],
  run: changeLevel,
};

interface Changed {
  readonly level: string;
  readonly module: string | null;
  readonly until: string;
}

interface Wish {
  readonly level: string;
  readonly module: string;
  readonly seconds: string | undefined;
}

async function changeLevel(
  { environment, topology }: CommandLine,
  level: string,
  module = 'all',
  seconds?: string,
): Promise<Answer> {
  const wish = { level, module, seconds };
  if (topology !== undefined) return changeEverywhere(topology, environment, wish);
  const { management } = readConfiguration(environment);
  if (!management)
    throw new StartupError(
      'Set MANAGEMENT_PORT, for this command and for the process: the level is changed there alone.',
    );
  const json = await ask(management, wish);
  return { lines: [lineOf(json)], json };
}

async function changeEverywhere(file: string, environment: Environment, wish: Wish): Promise<Answer> {
  const { processes } = await readTopology(file, await findModules(), environment);
  const concerned = processes.filter(({ modules }) => wish.module === 'all' || modules.includes(wish.module));
  const deaf = concerned.filter(({ managementPort }) => managementPort === undefined).map(({ name }) => name);
  if (deaf.length > 0)
    throw new StartupError(
      `${file}: ${deaf.join(', ')} must have a managementPort: the level is changed there alone. Add it, and start the topology again.`,
    );
  const { host } = readConfiguration({ ...environment, MANAGEMENT_PORT: '1' }).management!;
  const json: Record<string, Changed> = {};
  for (const entry of concerned) {
    // Processes behind the gateway listen on this machine alone.
    const at = entry.modules.includes(gateway) ? host : '127.0.0.1';
    for (let replica = 0; replica < entry.replicas; replica++)
      json[instanceName(entry, replica)] = await ask({ host: at, port: entry.managementPort! + replica }, wish);
  }
  return { lines: Object.entries(json).map(([name, changed]) => `${name}: ${lineOf(changed)}`), json };
}

const lineOf = ({ level, module, until }: Changed) => `The level of ${module ?? 'all'} is ${level} until ${until}.`;

async function ask({ host, port }: Place, { level, module, seconds }: Wish): Promise<Changed> {
  const reached = ({ '0.0.0.0': '127.0.0.1', '::': '::1' } as Readonly<Record<string, string>>)[host] ?? host;
  const query = new URLSearchParams({ level, ...(module !== 'all' && { module }), ...(seconds && { seconds }) });
  const origin = `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
  const answer = await fetch(`${origin}/log-level?${query}`, { method: 'PUT' }).catch((cause: unknown) => {
    throw new StartupError(`Nobody answers at ${origin}. Is it the management port of a running process?`, { cause });
  });
  if (!answer.ok) throw new StartupError(await reasonIn(answer));
  return (await answer.json()) as Changed;
}

/** Problems say which field is wrong, and why. */
async function reasonIn(answer: Response): Promise<string> {
  const { detail, errors = [] } = (await answer.json().catch(() => ({}))) as {
    detail?: string;
    errors?: readonly { path: string; message: string }[];
  };
  const fields = errors.map(({ path, message }) => `${path.slice(1)}: ${message}`);
  return fields.join(' ') || (detail ?? `The process answered ${answer.status}.`);
}
