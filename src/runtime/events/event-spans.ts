// ADR 0070
/** The spans of an event on its way: by the conventions for messaging. */
import type { Trace } from '#platform/context.ts';
import type { SpanStart } from '../observability/spans.ts';
import type { Envelope } from './envelope.ts';

type Event = Pick<Envelope, 'id' | 'name'>;

export const publishSpan = ({ id, name }: Event, system: string): SpanStart => ({
  name: `publish ${name}`,
  kind: 'producer',
  attributes: {
    'messaging.system': system,
    'messaging.operation.name': 'publish',
    'messaging.operation.type': 'send',
    'messaging.destination.name': name,
    'messaging.message.id': id,
  },
});

/** `attempt` counts from 1. What is tried later than its event came is linked to where that came from, too. */
export const processSpan = (
  { id, name }: Event,
  system: string,
  { subscription, attempt, sender }: { subscription: string; attempt: number; sender: Trace | undefined },
): SpanStart => ({
  name: `process ${name}`,
  kind: 'consumer',
  ...(attempt > 1 && sender && { links: [sender] }),
  attributes: {
    'messaging.system': system,
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': name,
    'messaging.consumer.group.name': subscription,
    'messaging.message.id': id,
    'fissile.attempt': attempt,
  },
});
