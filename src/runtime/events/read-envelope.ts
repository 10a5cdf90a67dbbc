import { z } from 'zod';
import { requireStorableText } from '../http/storable-text.ts';
import type { Envelope } from './envelope.ts';

/** The event that a transport brought, or the reason why it is none. */
export type Read =
  | { readonly envelope: Envelope; readonly unreadable?: undefined }
  | { readonly envelope?: undefined; readonly unreadable: string };

/** Text that can come from elsewhere than JSON: a header of a message can hold what PostgreSQL refuses to store. */
const text = z.string().refine((value) => !value.includes('\0'), 'U+0000 is not allowed.');

const schema: z.ZodType<Envelope> = z.object({
  id: z.uuid(),
  name: z.string(),
  version: z.int(),
  key: text,
  payload: z.unknown(),
  headers: z.object({
    traceparent: text,
    tracestate: text.optional(),
    baggage: text.optional(),
    requestId: text,
  }),
  occurredAt: z.iso.datetime(),
  position: z.int(),
});

/** Only an escape can bring text into JSON that PostgreSQL refuses to store. */
const suspicious = /\\u(0000|d[89a-f])/i;

/**
 * Refuses all that an inbox could never store: it would be tried for ever, and hold up its key. The payload is the
 * receiver's affair. `form` makes an envelope of what the bytes hold as JSON; the result is checked.
 */
export function readEnvelope(bytes: Buffer, name: string, form = (json: unknown): unknown => json): Read {
  const json = bytes.toString();
  let value: unknown;
  try {
    value = JSON.parse(json);
    if (suspicious.test(json)) requireStorableText(value);
  } catch (error) {
    return { unreadable: `It is not JSON that can be stored: ${error instanceof Error ? error.message : error}` };
  }
  const { success, data, error } = schema.safeParse(form(value));
  if (!success) {
    const [issue] = error.issues;
    return { unreadable: `It is not an event: ${issue?.path.join('.')}: ${issue?.message}` };
  }
  if (data.name !== name) return { unreadable: `It is not ${name}, but ${data.name}.` };
  return { envelope: data };
}
