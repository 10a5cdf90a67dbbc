// ADR 0077
/** `log-level`: asks a running process, at its management port, for another level of the log. */
import type { Answer, Command, CommandLine } from '../command.ts';
import { readConfiguration } from '../configuration.ts';
import { StartupError } from '../startup-error.ts';

export const command: Command = {
  takes: ['LEVEL', '[MODULE]', '[SECONDS]'],
  summary: 'change the level of the log of a running process for a while',
  description: `
Has the process at MANAGEMENT_PORT log as much as LEVEL says (error, warn, info, debug or silent), for 600 seconds unless SECONDS
says otherwise; then LOG_LEVEL holds again. MODULE is one of its modules, or "all". Each process of a split is asked by itself.`,
  json: '{"level", "module", "until"}; module is null for all',
  settings: ['MANAGEMENT_PORT', 'MANAGEMENT_HOST'],
  run: changeLevel,
};

interface Changed {
  readonly level: string;
  readonly module: string | null;
  readonly until: string;
}

async function changeLevel(
  { environment }: CommandLine,
  level: string,
  module = 'all',
  seconds?: string,
): Promise<Answer> {
  const { management } = readConfiguration(environment);
  if (!management)
    throw new StartupError(
      'Set MANAGEMENT_PORT, for this command and for the process: the level is changed there alone.',
    );
  const { host, port } = management;
  const reached = ({ '0.0.0.0': '127.0.0.1', '::': '::1' } as Readonly<Record<string, string>>)[host] ?? host;
  const query = new URLSearchParams({ level, ...(module !== 'all' && { module }), ...(seconds && { seconds }) });
  const origin = `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
  const answer = await fetch(`${origin}/log-level?${query}`, { method: 'PUT' }).catch((cause: unknown) => {
    throw new StartupError(`Nobody answers at ${origin}. Is it the MANAGEMENT_PORT of a running process?`, { cause });
  });
  if (!answer.ok) throw new StartupError(await reasonIn(answer));
  const json = (await answer.json()) as Changed;
  return { lines: [`The level of ${json.module ?? 'all'} is ${json.level} until ${json.until}.`], json };
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
