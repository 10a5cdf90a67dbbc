// ADR 0044
/** Which modules run together in which process: a file in YAML, checked before anything is started. */
import { readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { isOneFile, listAssets, readAsset } from '#platform/assets.ts';
import type { Configuration } from '../configuration.ts';
import type { Environment } from '../environment.ts';
import { StartupError } from '../startup-error.ts';
import { mistakesIn, type Mistake } from './mistakes.ts';
import { gateway, ProcessEntry, TopologyFile, type TopologyEntries } from './topology-file.ts';

const defaultBroker = 'amqp://127.0.0.1:5672';

export interface TopologyProcess {
  readonly name: string;
  /** The gateway among them where it runs here. */
  readonly modules: readonly string[];
  readonly replicas: number;
  /** The port of the first replica; those after it count up. */
  readonly port: number;
  /** Likewise; undefined where nobody calls this process. */
  readonly grpcPort: number | undefined;
  /** Likewise; undefined: metrics and probes are at `port`. */
  readonly managementPort?: number | undefined;
}

export interface Topology {
  readonly processes: readonly TopologyProcess[];
  /** The broker; undefined: events stay in memory. */
  readonly eventsUrl: string | undefined;
  readonly databaseNameOf: (module: string) => string;
}

/** A topology says which process runs which modules, so MODULES has no say in it. */
export function refuseModules({ modules }: Configuration): void {
  if (modules) throw new StartupError('MODULES and --topology both say which modules run. Leave one of them out.');
}

/** `allModules` is what each has to run exactly once. Throws one line that says where in the file and what to do. */
export async function readTopology(
  file: string,
  allModules: readonly string[],
  environment: Environment,
): Promise<Topology> {
  const lines = new LineCounter();
  const document = parseDocument(await textOf(file), { lineCounter: lines });
  const [unreadable] = document.errors;
  if (unreadable) {
    const [message = ''] = unreadable.message.split(/ at line \d|\n/);
    throw new StartupError(`${file}:${lines.linePos(unreadable.pos[0]).line}: this is not valid YAML: ${message}.`);
  }
  const parsed = TopologyFile.safeParse(document.toJS() ?? {});
  const [mistake] = parsed.success ? mistakesIn(parsed.data, allModules) : parsed.error.issues.map(asMistake);
  if (mistake)
    throw new StartupError(
      `${file}:${lineOf(mistake.path, document, lines)}: ${mistake.path.join('.') || 'the file'}: ${mistake.text}.`,
    );
  return resolved(parsed.data!, environment);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // The one file carries those that come with the program.
    const brought =
      isOneFile && code === 'ENOENT'
        ? listAssets('topologies').find((name) => normalize(file) === join('topologies', name))
        : undefined;
    if (brought !== undefined) return readAsset(`topologies/${brought}`);
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'this is a folder' : message;
    throw new StartupError(`--topology ${file}: ${reason}. Name a file such as topologies/split.yaml.`, {
      cause: error,
    });
  }
}

function asMistake(issue: z.core.$ZodIssue): Mistake {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path.length === 0 ? TopologyFile.shape : ProcessEntry.shape;
    return { path: [...path, issue.keys[0]!], text: `is not a setting; there are ${Object.keys(known).join(', ')}` };
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return { path, text: 'is missing' };
  // A key of a record has its reasons one level below.
  if (issue.code === 'invalid_key') return { path, text: issue.issues[0]!.message };
  return { path, text: issue.message };
}

/** The line of the thing the path leads to, or of the last thing on the way that is there. */
function lineOf(path: readonly string[], document: Document, lines: LineCounter): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1]!;
    const pair = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
      : undefined;
    const node = pair ? pair.key : isSeq(parent) ? parent.get(Number(key), true) : undefined;
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function resolved({ events, databases, processes }: TopologyEntries, environment: Environment): Topology {
  return {
    processes: Object.entries(processes).map(([name, entry]) => ({
      name,
      modules: entry.modules,
      replicas: entry.replicas,
      // Where somebody wants another way in than the file says.
      port: entry.modules.includes(gateway) ? Number(environment.PORT || entry.port) : entry.port,
      grpcPort: entry.grpcPort,
      managementPort: managementPortOf(entry, environment),
    })),
    eventsUrl:
      events === 'memory' ? undefined : events.startsWith('$') ? environment.EVENTS_URL || defaultBroker : events,
    databaseNameOf: (module) => databases.replace('*', module.replaceAll('-', '_')),
  };
}

function managementPortOf(
  { modules, managementPort }: z.output<typeof ProcessEntry>,
  environment: Environment,
): number | undefined {
  const chosen = modules.includes(gateway) ? environment.MANAGEMENT_PORT : undefined;
  return chosen ? Number(chosen) : managementPort;
}
