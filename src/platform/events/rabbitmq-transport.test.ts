import { describe, it } from 'vitest';
import { TestBroker, withoutRabbitmq } from '../../../tests/support/rabbitmq.ts';
import { transportConformance } from './testing/transport-conformance.ts';

if (withoutRabbitmq) {
  describe.skip(`events over RabbitMQ (${withoutRabbitmq})`, () => it('are carried', () => {}));
} else {
  transportConformance('RabbitMQ', async () => {
    const broker = await TestBroker.open();
    return {
      async connect() {
        const { transport, link } = await broker.connect();
        const away = () => {
          link.refuse();
          link.breakAll();
        };
        return { transport, die: away, away, back: () => link.accept() };
      },
      stop: () => broker.close(),
    };
  });
}
