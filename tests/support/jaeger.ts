/** Jaeger 2, which takes traces over OTLP and answers questions about them; go.mod beside this file says which. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort, temporaryFolder } from './running-program.ts';

const program = [...(process.env.PATH ?? '').split(delimiter), join(homedir(), 'go/bin')]
  .map((folder) => join(folder, 'jaeger'))
  .find((path) => existsSync(path));

/** Why there can be none; undefined if there can. */
export function withoutJaeger(): string | undefined {
  if (program !== undefined) return undefined;
  if (process.env.REQUIRE_SERVICES === '1') throw new Error('A test needs Jaeger: .ci/jaeger builds it.');
  return 'needs Jaeger: .ci/jaeger builds it';
}

export interface JaegerSpan {
  readonly service: string;
  readonly name: string;
  readonly id: string;
  readonly parent: string | undefined;
  readonly startedAt: number;
  readonly tags: Readonly<Record<string, unknown>>;
}

export interface Jaeger {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  /** Everything it knows of a trace. */
  spansOf(traceId: string): Promise<readonly JaegerSpan[]>;
  /** Ids of the traces in which a process has a span with these tags. */
  tracesWith(service: string, tags: Readonly<Record<string, string>>): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export async function startJaeger(): Promise<Jaeger> {
  const folder = await temporaryFolder('fissile-jaeger-');
  const [query, grpc, otlp, health] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const file = join(folder.path, 'jaeger.yaml');
  writeFileSync(
    file,
    `service:
  extensions: [jaeger_storage, jaeger_query, healthcheckv2]
  pipelines: { traces: { receivers: [otlp], processors: [batch], exporters: [jaeger_storage_exporter] } }
  telemetry: { metrics: { level: none }, logs: { level: warn } }
extensions:
  healthcheckv2: { use_v2: true, http: { endpoint: 127.0.0.1:${health} } }
  jaeger_query: { storage: { traces: mem }, http: { endpoint: 127.0.0.1:${query} }, grpc: { endpoint: 127.0.0.1:${grpc} } }
  jaeger_storage: { backends: { mem: { memory: { max_traces: 10000 } } } }
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:${otlp} } } } }
processors: { batch: { timeout: 100ms } }
exporters: { jaeger_storage_exporter: { trace_storage: mem } }
`,
  );
  const child = spawn(program!, ['--config', file], { stdio: 'ignore' });
  await answers(`http://127.0.0.1:${query}/api/services`, child);
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${query}${path}`);
    return answer.ok ? ((await answer.json()) as { data: readonly Trace[] }).data : [];
  };
  return {
    endpoint: `http://127.0.0.1:${otlp}`,
    spansOf: async (traceId) => (await ask(`/api/traces/${traceId}`)).flatMap(spansIn),
    tracesWith: async (service, tags) =>
      (await ask(`/api/traces?${new URLSearchParams({ service, tags: JSON.stringify(tags), limit: '1000' })}`)).map(
        ({ traceID }) => traceID,
      ),
    async stop() {
      child.kill('SIGKILL');
      await folder.remove();
    },
  };
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline && child.exitCode === null;) {
    if (
      await fetch(url)
        .then(({ ok }) => ok)
        .catch(() => false)
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  throw new Error('Jaeger does not answer.');
}

/** As its API tells it. */
interface Trace {
  readonly traceID: string;
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
  readonly spans: readonly {
    readonly spanID: string;
    readonly operationName: string;
    readonly processID: string;
    readonly startTime: number;
    readonly references: readonly { readonly refType: string; readonly spanID: string }[];
    readonly tags: readonly { readonly key: string; readonly value: unknown }[];
  }[];
}

const spansIn = ({ spans, processes }: Trace): JaegerSpan[] =>
  spans.map(({ spanID, operationName, processID, startTime, references, tags }) => ({
    service: processes[processID]!.serviceName,
    name: operationName,
    id: spanID,
    parent: references.find(({ refType }) => refType === 'CHILD_OF')?.spanID,
    startedAt: startTime,
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
  }));
