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

export function cloudEventOf(envelope: Envelope, prefix: string): CloudEvent {
  const { id, name, version, key, payload, occurredAt, position } = envelope;
  const { requestId, traceparent, tracestate, baggage } = envelope.headers;
  const headers: Record<string, string> = {
    [`${prefix}specversion`]: '1.0',
    [`${prefix}id`]: id,
    [`${prefix}source`]: `/fissile/${ownerOf(name)}`,
    [`${prefix}type`]: `${name}.v${version}`,
    [`${prefix}time`]: occurredAt,
    [`${prefix}partitionkey`]: key,
    [`${prefix}sequence`]: String(position).padStart(sequenceDigits, '0'),
    [`${prefix}correlationid`]: requestId,
  };
  // An attribute is never empty.
  for (const [attribute, value] of Object.entries({ traceparent, tracestate, baggage }))
    if (value) headers[`${prefix}${attribute}`] = value;
  return { headers, body: Buffer.from(JSON.stringify(payload)) };
}

/** Tells a CloudEvent from a message in any other form. */
export const isCloudEvent = (headers: Readonly<Record<string, unknown>>, prefix: string): boolean =>
  headers[`${prefix}specversion`] !== undefined;

/** The event called `name` that a message holds. Headers are text. */
export function readCloudEvent(
  headers: Readonly<Record<string, unknown>>,
  body: Buffer,
  prefix: string,
  name: string,
): Read {
  const attribute = (attributeName: string) => headers[`${prefix}${attributeName}`];
  if (attribute('specversion') !== '1.0') {
    return {
      unreadable: `It is not a CloudEvent of version 1.0: ${prefix}specversion is ${attribute('specversion')}.`,
    };
  }
  const type = attribute('type');
  const [, typeName, version] = typeForm.exec(String(type)) ?? [];
  if (!typeName) return { unreadable: `Its type has no version, such as ${name}.v1 has: ${type}.` };
  return readEnvelope(body, name, (payload) => ({
    id: attribute('id'),
    name: typeName,
    version: Number(version),
    key: attribute('partitionkey'),
    payload,
    headers: {
      traceparent: attribute('traceparent') ?? '',
      tracestate: attribute('tracestate'),
      baggage: attribute('baggage'),
      requestId: attribute('correlationid'),
    },
    occurredAt: attribute('time'),
    position: Number(attribute('sequence')),
  }));
}
