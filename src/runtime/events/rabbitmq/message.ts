// ADR 0066
import type { ConsumeMessage } from 'amqplib';
import { type CloudEvent, cloudEventOf, isCloudEvent, readCloudEvent } from '../cloud-event.ts';
import type { Envelope } from '../envelope.ts';
import { type Read, readEnvelope } from '../read-envelope.ts';

/** Before the name of an attribute. The AMQP binding prefers it to `cloudEvents:`, which JMS clients cannot name. */
export const attributePrefix = 'cloudEvents_';

export const messageOf = (envelope: Envelope): CloudEvent => cloudEventOf(envelope, attributePrefix);

/** The form of version 0.1: the whole envelope as body, and no headers. */
export const formerMessageOf = (envelope: Envelope): CloudEvent => ({
  headers: {},
  body: Buffer.from(JSON.stringify(envelope)),
});

/** The event in a message of either form. */
export function readMessage({ properties, content }: ConsumeMessage, event: string): Read {
  const headers = properties.headers ?? {};
  return isCloudEvent(headers, attributePrefix)
    ? readCloudEvent(headers, content, attributePrefix, event)
    : readEnvelope(content, event);
}
