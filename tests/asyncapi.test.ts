import { randomUUID } from 'node:crypto';
import { Parser } from '@asyncapi/parser';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { EventDefinition } from '#platform/contract.ts';
import type { ModuleDefinition } from '#platform/module.ts';
import { cloudEventOf } from '#runtime/events/cloud-event.ts';
import { asyncApiDocument } from '#runtime/events/asyncapi/document.ts';
import { brokerAddress } from '#runtime/events/kafka/broker-address.ts';
import { Topics } from '#runtime/events/kafka/topics.ts';
import { kafkaWire } from '#runtime/events/kafka/wire.ts';
import { Topology } from '#runtime/events/rabbitmq/topology.ts';
import { rabbitmqWire } from '#runtime/events/rabbitmq/wire.ts';
import { findModules, loadModules } from '../src/host/modules.ts';
import { customer } from './acceptance/client.ts';
import { type AsyncApi, pointedAt, validator, withoutWire } from './support/asyncapi.ts';
import { connect } from './support/postgres.ts';
import { startTestProgram } from './support/program.ts';

interface Announced {
  readonly name: string;
  readonly version: number;
  readonly payload: unknown;
}

let modules: readonly ModuleDefinition[];
beforeAll(async () => {
  modules = await loadModules(await findModules());
});

const rabbitmq = rabbitmqWire(new Topology('fissile', [], []), 'amqp://guest:secret@broker.internal:5672/shop');
const cluster = brokerAddress('kafka://guest:secret@broker.internal:9092');
const kafka = kafkaWire(new Topics('fissile', cluster, [], []), cluster);
const transports = { memory: undefined, RabbitMQ: rabbitmq, Kafka: kafka };

describe.each(Object.entries(transports))('the description of all events, over %s', (_, wire) => {
  let document: AsyncApi;
  beforeAll(() => {
    document = structuredClone(asyncApiDocument(modules, '1.0.0', wire));
  });

  it('is valid AsyncAPI 3, without a warning', async () => {
    const { document: parsed, diagnostics } = await new Parser().parse(JSON.stringify(document));
    expect(diagnostics).toEqual([]);
    expect(parsed?.version()).toMatch(/^3\./);
  });

  it('has every event, with a sentence that tells when it is announced', () => {
    const events = modules.flatMap(({ publishes }) => publishes);
    expect(events.length).toBeGreaterThan(5);
    for (const { name, version, module } of events) {
      const operation = document.operations[`${name}.v${version}`];
      expect(operation, name).toMatchObject({
        action: 'send',
        channel: { $ref: `#/channels/${module}` },
        summary: expect.stringMatching(/^When .+\.$/),
      });
      expect(pointedAt(document, operation.messages[0].$ref)).toMatchObject({ name: `${name}.v${version}` });
    }
  });

  it('has every reaction, with a sentence that tells what it does', () => {
    const reactions = modules.flatMap(({ name: module, reactions }) =>
      Object.entries(reactions).map(([name, { event }]) => ({ name: `${module}.${name}`, event })),
    );
    expect(reactions.length).toBeGreaterThan(4);
    for (const { name, event } of reactions) {
      const operation = document.operations[name];
      expect(operation, name).toMatchObject({ action: 'receive', summary: expect.stringMatching(/^[A-Z].+\.$/) });
      expect(pointedAt(document, operation.messages[0].$ref)).toMatchObject({
        name: `${event.name}.v${event.version}`,
      });
    }
  });

  it('tells nobody where the broker is', () => {
    expect(JSON.stringify(document)).not.toMatch(/broker\.internal|secret/);
  });

  it('says the same of events whatever carries them', () => {
    expect(withoutWire(document)).toEqual(withoutWire(asyncApiDocument(modules, '1.0.0', undefined)));
  });
});

describe('the description of events', () => {
  it('has all attributes of the CloudEvents that are sent, and no other', () => {
    const document: AsyncApi = asyncApiDocument(modules, '1.0.0', rabbitmq);
    const [{ name, version, module, key }] = modules.flatMap(({ publishes }) => publishes) as [EventDefinition];
    const headers = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'vendor=1',
      baggage: 'tenant=7',
      requestId: 'r',
    };
    const envelope = {
      id: randomUUID(),
      name,
      version,
      key,
      payload: {},
      headers,
      occurredAt: new Date().toISOString(),
      position: 7,
    };
    const sent = cloudEventOf(envelope, rabbitmq.attributePrefix).headers;
    const trait = '#/components/messageTraits/CloudEvent/headers';
    const [ref] = document.operations[`${name}.v${version}`].messages;
    expect(Object.keys(sent).sort()).toEqual(Object.keys(pointedAt(document, trait).properties).sort());
    expect(validator(document)(trait, sent)).toBeUndefined();
    expect(validator(document)(`${ref.$ref}/headers`, sent)).toBeUndefined();
    expect(pointedAt(document, `${ref.$ref}/headers`).properties).toMatchObject({
      [`${rabbitmq.attributePrefix}source`]: { const: `/fissile/${module}` },
    });
  });

  it('is true of what a purchase, a cancellation and an erasure announce', async () => {
    const program = await startTestProgram({ environment: { SEED: 'demo' } });
    onTestFinished(() => program.stop());
    const client = await connect(new URL(program.databaseUrl).pathname.slice(1));
    onTestFinished(() => client.end());
    const ada = await customer(program.url);
    const { body: document } = await ada.get('/asyncapi.json');

    const announced = async () => {
      const outboxes = [...program.modules.keys()].map((name) => `SELECT name, version, payload FROM ${name}.outbox`);
      const { rows } = await client.query<Announced>(outboxes.join(' UNION ALL '));
      return rows;
    };
    const names = async () => [...new Set((await announced()).map(({ name }) => name))].sort();
    const faults = async () => {
      const faultOf = validator(document);
      return (await announced()).flatMap(({ name, version, payload }) => {
        const operation = document.operations[`${name}.v${version}`];
        return faultOf(`${operation.messages[0].$ref}/payload`, payload) ?? [];
      });
    };

    const paid = { items: [{ sku: 'coffee-beans', quantity: 1 }], paymentToken: 'tok_visa' };
    const { body: order } = await ada.post('/v1/orders', paid, { prefer: 'wait=30' });
    await ada.post(`/v1/orders/${order.id}/cancel`);
    await expect
      .poll(names)
      .toEqual([
        'auth.user-registered',
        'orders.order-cancelled',
        'orders.order-paid',
        'orders.order-placed',
        'payments.payment-captured',
        'payments.payment-refunded',
      ]);
    expect(await faults()).toEqual([]);
    await ada.delete('/v1/users/me');
    await expect.poll(names).toContain('users.person-erased');
    expect(await faults()).toEqual([]);
  });
});
