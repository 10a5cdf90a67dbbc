/** The brokers that EVENTS_URL may name, told apart by its scheme. */
import { brokerAddress as kafkaAddress } from '#runtime/events/kafka/broker-address.ts';
import { brokerAddress as rabbitmqAddress } from '#runtime/events/rabbitmq/broker-address.ts';

export interface Broker {
  readonly kind: 'RabbitMQ' | 'Kafka';
  /** The addresses to ask first. */
  readonly brokers: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  /** For people to read. */
  readonly name: string;
  /** True where a subscription that joins later can read what was published before. */
  readonly keepsHistory: boolean;
  /** Starts one for a try, as advice. */
  readonly trial: string;
}

/** Throws an error that says what is wrong with the URL, without its password. */
export function brokerOf(url: string): Broker {
  if (/^amqps?:/i.test(url)) {
    return {
      kind: 'RabbitMQ',
      ...rabbitmqAddress(url),
      keepsHistory: false,
      trial: 'docker run -p 5672:5672 rabbitmq:4',
    };
  }
  if (/^kafkas?:/i.test(url)) {
    return {
      kind: 'Kafka',
      ...kafkaAddress(url),
      keepsHistory: true,
      trial: 'docker run -p 9092:9092 apache/kafka:4.4.0, and EVENTS_URL=kafka://127.0.0.1:9092?replication=1',
    };
  }
  throw new Error('must be an amqp://, amqps://, kafka:// or kafkas:// URL');
}

/** The mistake in the text of a URL, without repeating the text; undefined for one that names a broker. */
export function mistakeInBrokerUrl(text: string): string | undefined {
  try {
    brokerOf(text);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/\.$/, '');
  }
}
