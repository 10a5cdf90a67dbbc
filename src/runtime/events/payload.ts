import type { EventDefinition } from '#platform/contract.ts';
import type { Envelope } from './envelope.ts';

/** An event's payload as its contract has it, or why it cannot be read. */
export type Payload =
  | { readonly payload: unknown; readonly unreadable?: undefined }
  | { readonly payload?: undefined; readonly unreadable: string };

export function readPayload(event: EventDefinition, envelope: Envelope): Payload {
  if (envelope.version !== event.version) {
    return {
      unreadable: `Version ${envelope.version} of ${event.name} is unknown here; version ${event.version} is known.`,
    };
  }
  const { success, data, error } = event.payload.safeParse(envelope.payload);
  if (success) return { payload: data };
  const [issue] = error.issues;
  return { unreadable: `The payload does not match ${event.name}: ${issue?.path.join('.')}: ${issue?.message}` };
}
