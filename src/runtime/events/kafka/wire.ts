// ADR 0063
import type { JsonSchema } from '../../named-schemas.ts';
import type { Wire } from '../wire.ts';
import type { BrokerAddress } from './broker-address.ts';
import { attributePrefix } from './records.ts';
import type { Topics } from './topics.ts';

const kafka = (fields: JsonSchema) => ({ kafka: { ...fields, bindingVersion: '0.5.0' } });

/** Kafka in the words of AsyncAPI: a topic for each module, a group for each reaction, and records keyed as events are. */
export const kafkaWire = (topics: Topics, { tls, partitions, replication: replicas }: BrokerAddress): Wire => ({
  server: {
    host: '{broker}',
    protocol: tls ? 'kafka-secure' : 'kafka',
    description: 'Kafka, where the modules exchange events.',
    variables: { broker: { default: 'localhost:9092', description: 'ask who runs it' } },
  },
  attributePrefix,
  channel: (module) => {
    const topic = topics.eventsOf(module);
    return {
      description: `In Kafka's topic \`${topic}\`; the type of an event is in the header \`${attributePrefix}type\`.`,
      address: topic,
      bindings: kafka({ topic, partitions, replicas }),
    };
  },
  message: ({ key }) => kafka({ key: { type: 'string', description: `the ${key} of the event` } }),
  announcing: kafka({}),
  reacting: (subscription) => kafka({ groupId: { type: 'string', enum: [topics.groupOf(subscription)] } }),
});
