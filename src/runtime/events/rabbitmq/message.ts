import type { ConsumeMessage } from 'amqplib';
import { isCloudEvent, readCloudEvent } from '../cloud-event.ts';
import { type Read, readEnvelope } from '../read-envelope.ts';

/** Before the name of an attribute. The AMQP binding prefers it to `cloudEvents:`, which JMS cannot name. */
const attributePrefix = 'cloudEvents_';

/** The event in a message: a CloudEvent, or what version 0.1 wrote, whose body is the whole envelope. */
export function readMessage({ properties, content }: ConsumeMessage, event: string): Read {
  const headers = properties.headers ?? {};
  return isCloudEvent(headers, attributePrefix)
    ? readCloudEvent(headers, content, attributePrefix, event)
    : readEnvelope(content, event);
}
