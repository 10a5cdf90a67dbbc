import type { EventDefinition } from '#platform/contract.ts';
import type { JsonSchema } from '../../named-schemas.ts';

const attributes: Readonly<Record<string, JsonSchema>> = {
  specversion: { type: 'string', const: '1.0', description: 'the version of CloudEvents' },
  id: {
    type: 'string',
    format: 'uuid',
    description: 'the same however often the event is delivered: remember it to act once',
  },
  source: { type: 'string', description: 'the module that announced it' },
  type: { type: 'string', description: 'the name of the event and its version' },
  time: { type: 'string', format: 'date-time', description: 'when it happened' },
  partitionkey: { type: 'string', description: 'the key: events that have the same arrive in the order they happened' },
  sequence: {
    type: 'string',
    pattern: '^[0-9]{16}$',
    description: 'rises within a source: of two events with the same key, the lower one happened first',
  },
  correlationid: { type: 'string', description: 'the request that led to it, as the log has it' },
  traceparent: { type: 'string', description: 'the trace it belongs to (W3C Trace Context)' },
  tracestate: { type: 'string', description: 'what other systems keep in that trace' },
  baggage: { type: 'string', description: 'what other systems sent along (W3C Baggage)' },
};
const optional: readonly string[] = ['traceparent', 'tracestate', 'baggage'];

/** The headers of every event. */
export const attributesOfAll = (prefix: string): JsonSchema => ({
  type: 'object',
  required: Object.keys(attributes)
    .filter((name) => !optional.includes(name))
    .map((name) => prefix + name),
  properties: Object.fromEntries(Object.entries(attributes).map(([name, schema]) => [prefix + name, schema])),
});

/** The headers that tell one event from another. */
export const attributesOf = (event: EventDefinition, prefix: string): JsonSchema => ({
  type: 'object',
  properties: {
    [`${prefix}source`]: { type: 'string', const: `/fissile/${event.module}` },
    [`${prefix}type`]: { type: 'string', const: typeOf(event) },
  },
});

/** An event's name and version, as CloudEvents' `type` has them. */
export const typeOf = ({ name, version }: EventDefinition): string => `${name}.v${version}`;
