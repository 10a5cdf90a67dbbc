/** A collector for tests: takes traces and logs by OTLP over HTTP, as the real ones do, and keeps what it was sent. */
import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

/** As much of OpenTelemetry's proto as tests look at: https://github.com/open-telemetry/opentelemetry-proto */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; repeated Event events = 11;
    repeated Link links = 13; Status status = 15;
  }
  message LogRequest { repeated ResourceLogs resource_logs = 1; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
  message ScopeLogs { repeated LogRecord log_records = 2; }
  message LogRecord {
    fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5; repeated KeyValue attributes = 6;
    bytes trace_id = 9; bytes span_id = 10;
  }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`);
const requests = root.lookupType('Request');
const logRequests = root.lookupType('LogRequest');
const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

type Attributes = Readonly<Record<string, unknown>>;

export interface CollectedSpan {
  /** `service.name` of the process. */
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty where it begins the trace. */
  readonly parentId: string;
  readonly state: string;
  readonly name: string;
  readonly kind: (typeof kinds)[number];
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly failed: boolean;
  /** Milliseconds. */
  readonly startedAt: number;
  readonly duration: number;
}

export interface CollectedLine {
  readonly service: string;
  readonly level: string;
  readonly message: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** The log. */
  readonly lines: readonly CollectedLine[];
  /** Headers of the last request. */
  readonly headers: IncomingMessage['headers'];
  /** The status of every answer from now on. */
  status: number;
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const lines: CollectedLine[] = [];
  let headers: IncomingMessage['headers'] = {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      headers = request.headers;
      const body = Buffer.concat(chunks);
      const sent = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      if (collector.status === 200 && request.url === '/v1/traces') spans.push(...spansIn(sent));
      if (collector.status === 200 && request.url === '/v1/logs') lines.push(...linesIn(sent));
      response.writeHead(collector.status).end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    lines,
    get headers() {
      return headers;
    },
    status: 200,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return collector;
}

/* eslint-disable @typescript-eslint/no-explicit-any -- as protobufjs decodes it */
function spansIn(body: Buffer): CollectedSpan[] {
  const decoded: any = requests.toObject(requests.decode(body), { longs: Number, bytes: String, defaults: true });
  return decoded.resourceSpans.flatMap(({ resource, scopeSpans }: any) => {
    const service = String(attributesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }: any) => spans.map((span: any) => spanOf(span, service)));
  });
}

function linesIn(body: Buffer): CollectedLine[] {
  const decoded: any = logRequests.toObject(logRequests.decode(body), { longs: Number, bytes: String, defaults: true });
  return decoded.resourceLogs.flatMap(({ resource, scopeLogs }: any) => {
    const service = String(attributesOf(resource.attributes)['service.name']);
    return scopeLogs.flatMap(({ logRecords }: any) =>
      logRecords.map(({ severityText, body: message, traceId, spanId, attributes }: any) => ({
        service,
        level: severityText,
        message: message.stringValue,
        traceId: hex(traceId),
        spanId: hex(spanId),
        attributes: attributesOf(attributes),
      })),
    );
  });
}

const spanOf = (span: any, service: string): CollectedSpan => ({
  service,
  traceId: hex(span.traceId),
  spanId: hex(span.spanId),
  parentId: hex(span.parentSpanId),
  state: span.traceState,
  name: span.name,
  kind: kinds[span.kind as number]!,
  attributes: attributesOf(span.attributes),
  events: span.events.map(({ name, attributes }: any) => ({ name, attributes: attributesOf(attributes) })),
  links: span.links.map(({ traceId, spanId }: any) => ({ traceId: hex(traceId), spanId: hex(spanId) })),
  failed: span.status?.code === 2,
  startedAt: span.startTimeUnixNano / 1e6,
  duration: (span.endTimeUnixNano - span.startTimeUnixNano) / 1e6,
});

const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex');
/** A name that is there twice, which the specification forbids, is seen. */
const attributesOf = (pairs: any[]): Attributes =>
  Object.fromEntries(
    pairs.map(({ key, value }, index) => [
      pairs.findIndex((other) => other.key === key) === index ? key : `${key} again`,
      Object.values(value).find((each) => each !== null && each !== undefined),
    ]),
  );

/** The spans of one trace as lines, each below its parent and indented: `  orders.placeOrder (fissile)`. */
export function treeOf(
  spans: readonly CollectedSpan[],
  lineOf = ({ name, service }: CollectedSpan) => `${name} (${service})`,
): string[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const below = (parentId: string, depth: number): string[] =>
    spans
      .filter((span) => (depth === 0 ? !known.has(span.parentId) : span.parentId === parentId))
      .toSorted((a, b) => a.startedAt - b.startedAt)
      .flatMap((span) => [`${'  '.repeat(depth)}${lineOf(span)}`, ...below(span.spanId, depth + 1)]);
  return below('', 0);
}
