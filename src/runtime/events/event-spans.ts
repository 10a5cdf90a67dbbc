// ADR 0070
/** The spans of an event on its way: by the conventions for messaging. */
import type { Trace } from '#platform/context.ts';
import type { SpanStart } from '../observability/spans.ts';
import type { Envelope } from './envelope.ts';

type Event = Pick<Envelope, 'id' | 'name'>;

/** `late`: where an event comes from that a sweep has found, long after. */
export const publishSpan = ({ id, name }: Event, system: string, late: Trace | undefined): SpanStart => ({
  name: `publish ${name}`,
  kind: 'producer',
  ...(late && { links: [late] }),
  attributes: {
    'messaging.system': system,
    'messaging.operation.name': 'publish',
    'messaging.operation.type': 'send',
    'messaging.destination.name': name,
    'messaging.message.id': id,
  },
});

/** `attempt` counts from 1. What is tried or delivered again is linked to where its event came from, too. */
export const processSpan = (
  { id, name }: Event,
  system: string,
  {
    subscription,
    attempt,
    again,
    sender,
  }: { subscription: string; attempt: number; again: boolean; sender: Trace | undefined },
): SpanStart => ({
  name: `process ${name}`,
  kind: 'consumer',
  ...((attempt > 1 || again) && sender && { links: [sender] }),
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

/** Most links of one span. */
const mostLinks = 32;

/** Events of many traces are marked at once. */
export const markSpan = (events: readonly Trace[]): SpanStart => ({
  name: 'mark events as published',
  links: events.slice(0, mostLinks),
});
