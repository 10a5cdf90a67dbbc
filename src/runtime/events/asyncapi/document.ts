// ADR 0067
/** The AsyncAPI 3 document of what modules announce and react to; it comes from contracts, wiring and the transport in use. */
import type { EventDefinition } from '#platform/contract.ts';
import type { ModuleDefinition } from '#platform/module.ts';
import { type JsonSchema, NamedSchemas } from '../../named-schemas.ts';
import { contentType } from '../cloud-event.ts';
import { attributesOf, attributesOfAll, typeOf } from './attributes.ts';
import type { Wire } from '../wire.ts';

export type AnnouncingModule = Pick<ModuleDefinition, 'name' | 'publishes' | 'reactions'>;

const introduction = `Modules announce what happened, and others react. A program of your own can read along.

**At least once.** An event can arrive more than once, always with the same \`id\`: remember the ids that you acted on.

**In order per key.** Events with the same key arrive in the order they happened; between keys there is no order.

**Within a version** an event gets new optional fields only, so ignore those you do not know. Any other change is a new version,
announced beside the old one.`;

/** `wire`: undefined where events stay in the memory of one process. */
export function asyncApiDocument(
  modules: readonly AnnouncingModule[],
  version: string,
  wire: Wire | undefined,
): JsonSchema {
  const schemas = new NamedSchemas('draft-7');
  const reactions = modules.flatMap(reactionsOf);
  const events = new Set([...modules.flatMap(({ publishes }) => publishes), ...reactions.map(({ event }) => event)]);
  const announcers = Map.groupBy(events, ({ module }) => module);
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Fissile',
      version,
      description: introduction,
      tags: modules.map(({ name }) => ({ name })),
    },
    defaultContentType: contentType,
    ...(wire && { servers: { broker: wire.server } }),
    channels: Object.fromEntries([...announcers].map(([module, own]) => [module, channel(module, own, schemas, wire)])),
    operations: {
      ...Object.fromEntries(
        modules.flatMap(({ publishes }) => publishes).map((event) => [typeOf(event), announcing(event, wire)]),
      ),
      ...Object.fromEntries(reactions.map((reaction) => [reaction.name, reacting(reaction, wire)])),
    },
    components: {
      schemas: schemas.all,
      ...(wire && {
        messageTraits: {
          CloudEvent: {
            description: 'A CloudEvent 1.0 in binary mode: the attributes are headers, the body is the event.',
            headers: attributesOfAll(wire.attributePrefix),
          },
        },
      }),
    },
  };
}

interface Reacting {
  readonly module: string;
  /** As it is stored with deliveries: `payments.refund-cancelled-order`. */
  readonly name: string;
  readonly event: EventDefinition;
  readonly summary: string | undefined;
}

const reactionsOf = ({ name: module, reactions }: AnnouncingModule): Reacting[] =>
  Object.entries(reactions).map(([name, { event, summary }]) => ({
    module,
    name: `${module}.${name}`,
    event,
    summary,
  }));

const channel = (
  module: string,
  events: readonly EventDefinition[],
  schemas: NamedSchemas,
  wire: Wire | undefined,
): JsonSchema => ({
  address: null,
  title: `The events of ${module}`,
  ...wire?.channel(module, events),
  messages: Object.fromEntries(events.map((event) => [messageName(event), message(event, schemas, wire)])),
});

const message = (event: EventDefinition, schemas: NamedSchemas, wire: Wire | undefined): JsonSchema => ({
  name: typeOf(event),
  title: sentence(localName(event)),
  ...(event.summary && { summary: event.summary }),
  description: `The key is \`${event.key}\`.`,
  ...(wire && {
    traits: [{ $ref: '#/components/messageTraits/CloudEvent' }],
    headers: attributesOf(event, wire.attributePrefix),
    bindings: wire.message(event),
  }),
  payload: schemas.schemaOf(event.payload, 'output', event.module),
});

const announcing = (event: EventDefinition, wire: Wire | undefined): JsonSchema => ({
  action: 'send',
  title: `${event.module}: ${words(localName(event))}`,
  ...(event.summary && { summary: event.summary }),
  tags: [{ name: event.module }],
  ...about(event),
  ...(wire && { bindings: wire.announcing }),
});

const reacting = ({ module, name, event, summary }: Reacting, wire: Wire | undefined): JsonSchema => ({
  action: 'receive',
  title: `${module}: ${words(name.slice(module.length + 1))}`,
  ...(summary && { summary }),
  tags: [{ name: module }],
  ...about(event),
  ...(wire && { bindings: wire.reacting(name) }),
});

const about = (event: EventDefinition): JsonSchema => ({
  channel: { $ref: `#/channels/${event.module}` },
  messages: [{ $ref: `#/channels/${event.module}/messages/${messageName(event)}` }],
});

/** `order-placed` of `orders.order-placed` */
const localName = ({ name, module }: EventDefinition) => name.slice(module.length + 1);

const words = (name: string) => name.replaceAll('-', ' ');

/** `Order placed` */
const sentence = (name: string) => name.charAt(0).toUpperCase() + words(name.slice(1));

/** `OrderPlacedV1`, a name that any language has for a type. */
const messageName = (event: EventDefinition) =>
  localName(event).replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()) + `V${event.version}`;
