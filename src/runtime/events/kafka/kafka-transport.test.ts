import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../tests/support/postgres.ts';
import { tcpLink } from '../../../../tests/support/tcp-link.ts';
import { Metrics } from '../../observability/metrics.ts';
import { KafkaTransport } from './kafka-transport.ts';

const refusal = async (url: string) => {
  const transport = new KafkaTransport({
    url,
    subscriptions: [],
    modules: [],
    logger: silentLogger,
    metrics: new Metrics(),
  });
  return transport.start().then(
    () => 'it started',
    (error: Error) => error.message,
  );
};

describe('without a cluster that lets it in, a start', () => {
  it('fails with a line that names the variable and the address, and not the password', async () => {
    expect(await refusal('kafka://fissile:secret@127.0.0.1:1,127.0.0.1:2')).toMatch(
      /^EVENTS_URL: no connection to Kafka at 127.0.0.1:1,127.0.0.1:2: [^\n]*ECONNREFUSED[^\n]*$/,
    );
  });

  it('fails when the host is unknown', async () => {
    expect(await refusal('kafka://no-such-host.invalid')).toMatch(
      /^EVENTS_URL: no connection to Kafka at no-such-host.invalid:9092: [^\n]*(ENOTFOUND|EAI_AGAIN)[^\n]*$/,
    );
  });

  it('fails when the listener there hangs up', async () => {
    const link = await tcpLink({ host: '127.0.0.1', port: 1 });
    link.refuse();
    expect(await refusal(`kafka://127.0.0.1:${link.port}`)).toMatch(
      /^EVENTS_URL: no connection to Kafka at 127.0.0.1:\d+: \S[^\n]+$/,
    );
    await link.close();
  });
});
