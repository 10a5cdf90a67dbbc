import { z } from 'zod';
import { requireStorableText } from '../http/storable-text.ts';
import type { Envelope } from './envelope.ts';

/** The event that a transport brought, or the reason why it is none. */
export type Read =
  | { readonly envelope: Envelope; readonly unreadable?: undefined }
  | { readonly envelope?: undefined; readonly unreadable: string };

const schema: z.ZodType<Envelope> = z.object({
  id: z.uuid(),
  name: z.string(),
  version: z.int(),
  key: z.string(),
  payload: z.unknown(),
  headers: z.object({ traceparent: z.string(), requestId: z.string() }),
  occurredAt: z.iso.datetime(),
  position: z.int(),
});

/** Only an escape can bring text into JSON that PostgreSQL refuses to store. */
const suspicious = /\\u(0000|d[89a-f])/i;

/**
 * Refuses all that an inbox could never store: it would be tried for ever, and hold up its key. The payload is the
 * receiver's affair.
 */
export function readEnvelope(bytes: Buffer, name: string): Read {
  const text = bytes.toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (suspicious.test(text)) requireStorableText(value);
  } catch (error) {
    return { unreadable: `It is not JSON that can be stored: ${error instanceof Error ? error.message : error}` };
  }
  const { success, data, error } = schema.safeParse(value);
  if (!success) {
    const [issue] = error.issues;
    return { unreadable: `It is not an event: ${issue?.path.join('.')}: ${issue?.message}` };
  }
  if (data.name !== name) return { unreadable: `It is not ${name}, but ${data.name}.` };
  return { envelope: data };
}
