import { describe, expect, it } from 'vitest';
import { brokerAddress } from './broker-address.ts';

const refusal = (url: string): string => {
  try {
    brokerAddress(url);
    return 'it was read';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the address of a Kafka cluster', () => {
  it('names one broker or several, each at 9092 unless it says otherwise', () => {
    expect(brokerAddress('kafka://one')).toEqual({
      brokers: [{ host: 'one', port: 9092 }],
      tls: false,
      credentials: undefined,
      partitions: 12,
      replication: 3,
      name: 'one:9092',
    });
    expect(brokerAddress('kafka://one:1,two.example,[::1]:3').brokers).toEqual([
      { host: 'one', port: 1 },
      { host: 'two.example', port: 9092 },
      { host: '::1', port: 3 },
    ]);
  });

  it('is encrypted as kafkas', () => {
    expect(brokerAddress('kafkas://one').tls).toBe(true);
  });

  it('holds a user and a password, sent plainly or by SCRAM', () => {
    expect(brokerAddress('kafkas://ann:p%40ss%3A@one').credentials).toEqual({
      mechanism: 'PLAIN',
      username: 'ann',
      password: 'p@ss:',
    });
    expect(brokerAddress('kafkas://ann:x@one/?sasl=scram-sha-512').credentials?.mechanism).toBe('SCRAM-SHA-512');
  });

  it('says how many partitions a topic has, and how many brokers keep it', () => {
    expect(brokerAddress('kafka://one?partitions=6&replication=1')).toMatchObject({ partitions: 6, replication: 1 });
  });

  it.each([
    ['kafka://', 'has to look like'],
    ['amqp://one', 'has to look like'],
    ['kafka://one/path', 'has to look like'],
    ['kafka://ann:p@ss@one', 'percent-encoded'],
    ['kafka://one,:9092', '":9092" in it is not a host'],
    ['kafka://one:70000', '"one:70000" in it is not a host'],
    ['kafka://one?partition=3', 'unknown parameter: partition. There are partitions, replication, sasl.'],
    ['kafka://one?partitions=many', 'partitions has to be a number from 1 to 1000, and it is many'],
    ['kafka://one?replication=0', 'replication has to be a number from 1 to 9, and it is 0'],
    ['kafka://ann:x@one?sasl=md5', 'sasl has to be plain or scram-sha-512'],
    ['kafka://one?sasl=plain', 'sasl needs a user and a password'],
  ])('that is %s is refused: %s', (url, reason) => {
    expect(refusal(url)).toContain(reason);
  });

  it('is refused without a word of its password', () => {
    for (const url of ['kafka://ann:secret@one:0', 'kafka://ann:se/cret@one', 'kafka://ann:%secret@one'])
      expect(refusal(url)).not.toContain('cret');
  });
});
