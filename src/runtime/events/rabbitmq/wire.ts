// ADR 0042
import type { JsonSchema } from '../../named-schemas.ts';
import type { Wire } from '../wire.ts';
import { attributePrefix } from './message.ts';
import type { Topology } from './topology.ts';

const amqp = (fields: JsonSchema) => ({ amqp: { ...fields, bindingVersion: '0.3.0' } });

/** RabbitMQ in the words of AsyncAPI: an exchange for each module, and the name of an event as routing key. */
export const rabbitmqWire = (topology: Topology, url: string): Wire => {
  const { protocol, pathname } = new URL(url);
  return {
    server: {
      host: '{broker}',
      protocol: protocol.slice(0, -1),
      protocolVersion: '0-9-1',
      description: 'RabbitMQ, where the modules exchange events.',
      variables: { broker: { default: 'localhost:5672', description: 'ask who runs it' } },
    },
    attributePrefix,
    channel: (module, events) => ({
      description: `At RabbitMQ's exchange \`${topology.exchangeOf(module)}\`; the routing key is the name of an event without its version.`,
      address: `${module}.{event}`,
      parameters: {
        event: {
          description: 'The event, without its version.',
          enum: [...new Set(events.map(({ name }) => name.slice(module.length + 1)))],
        },
      },
      bindings: amqp({
        is: 'routingKey',
        exchange: {
          name: topology.exchangeOf(module),
          type: 'topic',
          durable: true,
          autoDelete: false,
          vhost: decodeURIComponent(pathname.slice(1)) || '/',
        },
      }),
    }),
    message: ({ name }) => amqp({ messageType: name }),
    announcing: amqp({ deliveryMode: 2 }),
    reacting: () => amqp({ ack: true }),
  };
};
