// ADR 0066
/**
 * Events as CloudEvents 1.0 in binary mode, which every broker carries alike: attributes are headers of the message, and
 * its body is the payload. `prefix` is what the binding of a broker puts before the names of attributes.
 */
import type { Envelope } from './envelope.ts';
import { type Read, readEnvelope } from './read-envelope.ts';
import { ownerOf } from './transport.ts';

/** The attribute `datacontenttype`, which each binding puts where its broker has a place for it. */
export const contentType = 'application/json';

export interface CloudEvent {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Holds every position, so that sequences are in order as texts too. */
const sequenceDigits = 16;
const typeForm = /^(.+)\.v([1-9]\d*)$/;

const attributes = [
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'partitionkey',
  'sequence',
  'correlationid',
  'traceparent',
  'tracestate',
  'baggage',
] as const;
type Names = Readonly<Record<(typeof attributes)[number], string>>;

/** Headers by their attributes, made once for a prefix: to put names together costs as much as all else here. */
const namesByPrefix = new Map<string, Names>();
function namesWith(prefix: string): Names {
  const known = namesByPrefix.get(prefix);
  if (known) return known;
  const names = Object.fromEntries(attributes.map((attribute) => [attribute, prefix + attribute])) as Names;
  namesByPrefix.set(prefix, names);
  return names;
}

export function cloudEventOf(envelope: Envelope, prefix: string): CloudEvent {
  const { id, name, version, key, payload, occurredAt, position } = envelope;
  const { requestId, traceparent, tracestate, baggage } = envelope.headers;
  const names = namesWith(prefix);
  const headers: Record<string, string> = {
    [names.specversion]: '1.0',
    [names.id]: id,
    [names.source]: `/fissile/${ownerOf(name)}`,
    [names.type]: `${name}.v${version}`,
    [names.time]: occurredAt,
    [names.partitionkey]: key,
    [names.sequence]: String(position).padStart(sequenceDigits, '0'),
    [names.correlationid]: requestId,
  };
  // An attribute is never empty.
  if (traceparent) headers[names.traceparent] = traceparent;
  if (tracestate) headers[names.tracestate] = tracestate;
  if (baggage) headers[names.baggage] = baggage;
  return { headers, body: Buffer.from(JSON.stringify(payload)) };
}

/** Tells a CloudEvent from a message in any other form. */
export const isCloudEvent = (headers: Readonly<Record<string, unknown>>, prefix: string): boolean =>
  headers[namesWith(prefix).specversion] !== undefined;

/** The request and the trace that a message comes from, which can be told of one that is no event, too. */
export function originOf(headers: Readonly<Record<string, unknown>>, prefix: string) {
  const names = namesWith(prefix);
  return { traceparent: headers[names.traceparent], requestId: headers[names.correlationid] };
}

/** The event called `name` that a message holds. Headers are text. */
export function readCloudEvent(
  headers: Readonly<Record<string, unknown>>,
  body: Buffer,
  prefix: string,
  name: string,
): Read {
  const names = namesWith(prefix);
  if (headers[names.specversion] !== '1.0') {
    return {
      unreadable: `It is not a CloudEvent of version 1.0: ${names.specversion} is ${headers[names.specversion]}.`,
    };
  }
  const type = headers[names.type];
  const [, typeName, version] = typeForm.exec(String(type)) ?? [];
  if (!typeName) return { unreadable: `Its type has no version, such as ${name}.v1 has: ${type}.` };
  return readEnvelope(body, name, (payload) => ({
    id: headers[names.id],
    name: typeName,
    version: Number(version),
    key: headers[names.partitionkey],
    payload,
    headers: {
      traceparent: headers[names.traceparent] ?? '',
      tracestate: headers[names.tracestate],
      baggage: headers[names.baggage],
      requestId: headers[names.correlationid],
    },
    occurredAt: headers[names.time],
    position: Number(headers[names.sequence]),
  }));
}
