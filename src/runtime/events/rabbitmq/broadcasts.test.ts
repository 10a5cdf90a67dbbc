import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needsRabbitmq, noRabbitmq, TestBroker } from '../../../../tests/support/rabbitmq.ts';
import { until } from '../testing/landscape.ts';

describe.skipIf(noRabbitmq)(`what is told to all processes over RabbitMQ${needsRabbitmq}`, () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.open();
  });
  afterEach(() => broker.close());

  const listener = async () => {
    const { transport, link } = await broker.connect();
    const heard: string[] = [];
    transport.onBroadcast(
      'news',
      (message) => heard.push(message),
      () => heard.push('a gap'),
    );
    await transport.start();
    return { transport, link, heard };
  };

  it('is heard once by each, by the one that tells it at once', async () => {
    const [one, two, three] = [await listener(), await listener(), await listener()];
    one.transport.broadcast('news', 'hello');
    expect(one.heard).toEqual(['hello']);
    one.transport.broadcast('weather', 'rain');
    two.transport.broadcast('news', 'bye');
    await until(() => one.heard.length === 2 && three.heard.length === 2);
    expect([one.heard, two.heard, three.heard]).toEqual(
      [
        ['hello', 'bye'],
        ['bye', 'hello'],
        ['hello', 'bye'],
      ].map((all) => expect.arrayContaining(all)),
    );
    expect(two.heard).toHaveLength(2);
  });

  it('may be missed by one that is not connected, and it knows that when it is back', async () => {
    const [one, two] = [await listener(), await listener()];
    two.link.refuse();
    two.link.breakAll();
    await until(() => !two.transport.connected);
    one.transport.broadcast('news', 'unheard');
    two.link.accept();
    await until(() => two.transport.connected && two.heard.length > 0);
    expect(two.heard).toEqual(['a gap']);
  });

  it('may be missed by all if the one that tells it is not connected, and they know when it is back', async () => {
    const [one, two] = [await listener(), await listener()];
    one.link.refuse();
    one.link.breakAll();
    await until(() => !one.transport.connected);
    one.transport.broadcast('news', 'only here');
    expect(one.heard).toEqual(['only here']);
    one.link.accept();
    await until(() => two.heard.length > 0);
    expect(two.heard).toEqual(['a gap']);
  });

  it('goes on after a listener failed', async () => {
    const [one, two] = [await listener(), await listener()];
    two.transport.onBroadcast('trouble', () => {
      throw new Error('cannot hear');
    });
    one.transport.broadcast('trouble', '');
    one.transport.broadcast('news', 'hello');
    await until(() => two.heard.length > 0);
    expect(two.heard).toEqual(['hello']);
    expect(two.transport.connected).toBe(true);
  });
});
