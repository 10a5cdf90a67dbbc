/** The description of events where every module is a process of its own, and what a stranger at the broker really gets. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type ConsumeMessage } from 'amqplib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { customer, Visitor } from '../acceptance/client.ts';
import { type AsyncApi, validator, withoutWire } from '../support/asyncapi.ts';
import { virtualHost, withoutBroker } from '../support/broker.ts';
import { startTestProgram } from '../support/program.ts';
import { temporaryFolder } from '../support/running-program.ts';
import { startTopology, writeTopology } from '../support/topologies.ts';

const missing = await withoutBroker();
const modules = readdirSync(new URL('../../modules', import.meta.url)).sort();

describe.skipIf(missing)(`the description of events, apart${missing === undefined ? '' : ` (${missing})`}`, () => {
  it('is the same as in one process, and true of what is at the broker', async () => {
    const folder = await temporaryFolder('fissile-asyncapi-');
    onTestFinished(folder.remove);
    const broker = await virtualHost();
    onTestFinished(broker.remove);
    const file = join(folder.path, 'apart.yaml');
    await writeTopology(
      file,
      modules.map((name) => ({ name, modules: [name] })),
    );
    const environment = { DATA_DIR: join(folder.path, 'data'), EVENTS_URL: broker.url, SEED: 'demo' };
    const apart = await startTopology(file, environment);
    onTestFinished(async () => void (await apart.stop()));
    const together = await startTestProgram();
    onTestFinished(() => together.stop());

    const [document, inMemory] = await Promise.all(
      [apart, together].map(async ({ url }): Promise<AsyncApi> => (await new Visitor(url).get('/asyncapi.json')).body),
    );
    expect(withoutWire(document)).toEqual(withoutWire(inMemory));

    const connection = await connect(broker.url);
    onTestFinished(() => connection.close());
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const addresses = Object.values<AsyncApi>(document.channels).flatMap(({ address, parameters, bindings }) =>
      // Verifying an address takes a link out of a mail.
      parameters.event.enum
        .filter((event: string) => event !== 'email-verified')
        .map((event: string) => ({
          exchange: bindings.amqp.exchange.name as string,
          routingKey: (address as string).replace('{event}', event),
        })),
    );
    for (const { exchange, routingKey } of addresses) {
      await channel.checkExchange(exchange);
      await channel.bindQueue(queue, exchange, routingKey);
    }
    const got: ConsumeMessage[] = [];
    await channel.consume(queue, (message) => void got.push(message!), { noAck: true });

    const ada = await customer(apart.url);
    const bought = { items: [{ sku: 'coffee-beans', quantity: 1 }], paymentToken: 'tok_visa' };
    const { body: order } = await ada.post('/v1/orders', bought, { prefer: 'wait=30' });
    await ada.post(`/v1/orders/${order.id}/cancel`);
    const seen = () => new Set(got.map(({ fields }) => fields.routingKey)).size;
    await expect.poll(seen).toBe(addresses.length - 1);
    await ada.delete('/v1/users/me');
    await expect.poll(seen).toBe(addresses.length);

    const faultOf = validator(document);
    const headersOfAll = '#/components/messageTraits/CloudEvent/headers';
    const described = Object.keys(document.components.messageTraits.CloudEvent.headers.properties);
    for (const { content, properties, fields } of got) {
      const { headers = {}, contentType } = properties;
      const operation = document.operations[headers['cloudEvents_type'] as string];
      const message = operation.messages[0].$ref as string;
      const faults = [
        faultOf(headersOfAll, headers),
        faultOf(`${message}/headers`, headers),
        faultOf(`${message}/payload`, JSON.parse(content.toString())),
      ];
      expect(faults.filter(Boolean), fields.routingKey).toEqual([]);
      expect(described).toEqual(expect.arrayContaining(Object.keys(headers)));
      expect(contentType).toBe(document.defaultContentType);
    }
  });
});
