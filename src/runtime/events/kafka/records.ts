// ADR 0063
/** Events as records: CloudEvents in the binary mode of the Kafka binding, their attributes in headers, keyed as the event. */
import { cloudEventOf, contentType, readCloudEvent } from '../cloud-event.ts';
import type { Envelope } from '../envelope.ts';
import type { Read } from '../read-envelope.ts';

/** Before the name of an attribute. */
export const attributePrefix = 'ce_';

/** As the client reads it. */
export interface Record {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: Buffer | null, value: Buffer | null])[];
}

/** As the client sends it. */
export interface Message {
  readonly topic: string;
  readonly key?: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
}

export const headersOf = ({ headers }: Record): { [name: string]: string | undefined } =>
  Object.fromEntries(headers.map(([name, value]) => [name?.toString() ?? '', value?.toString()]));

export const toHeaders = (headers: Readonly<{ [name: string]: string }>): Map<Buffer, Buffer> =>
  new Map(Object.entries(headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]));

export function messageOf(envelope: Envelope, topic: string): Message {
  const { headers, body } = cloudEventOf(envelope, attributePrefix);
  return {
    topic,
    key: Buffer.from(envelope.key),
    value: body,
    headers: toHeaders({ ...headers, 'content-type': contentType }),
  };
}

/** The event called `name` in a record; undefined if the record is another event of its module. */
export function readRecord(record: Record, name: string): Read | undefined {
  const headers = headersOf(record);
  const type = headers[`${attributePrefix}type`];
  const isAnother = /^[^.]+\.[^.]+\.v\d+$/.test(type ?? '') && !type!.startsWith(`${name}.v`);
  return isAnother ? undefined : readCloudEvent(headers, record.value ?? Buffer.alloc(0), attributePrefix, name);
}
