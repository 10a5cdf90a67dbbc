import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { brokerOf } from '../src/host/brokers.ts';

const file = readFileSync('docker-compose.yml', 'utf8');

describe('docker-compose.yml', () => {
  it.each(['PAYMENT_PROVIDER', 'AUTH_KEY_SECRET', 'DATABASE_URL'])(
    'guesses no %s: without one it stops, and says where it goes',
    (variable) => {
      // Not a colon and a space within: that would be a mapping to YAML.
      expect(file).toMatch(
        new RegExp(String.raw`^ +${variable}: .*\$\{[A-Z_]+:\?Put it into \.env(?:(?!: )[^}])*\}`, 'm'),
      );
    },
  );
});

const variables = z.record(z.string(), z.coerce.string());
const { services, volumes } = z
  .object({
    services: z.object({
      program: z.object({ depends_on: z.object({ kafka: z.unknown() }) }),
      kafka: z.object({
        profiles: z.array(z.string()),
        image: z.string(),
        environment: variables,
        ports: z.array(z.string()),
        volumes: z.array(z.string()),
      }),
    }),
    volumes: z.record(z.string(), z.unknown()),
  })
  .parse(parse(file));

describe('its profile kafka', () => {
  const { profiles, image, environment, ports, volumes: mounted } = services.kafka;
  /** `NAME://host:port,...` by name. */
  const byName = (variable: string) =>
    new Map(environment[variable]!.split(',').map((each) => each.split('://') as [string, string]));
  const portOf = (address: string) => address.slice(address.lastIndexOf(':'));

  it('is one release of the official image, and started only when asked for', () => {
    expect(profiles).toEqual(['kafka']);
    expect(image).toMatch(/^apache\/kafka:\d+\.\d+\.\d+$/);
    expect(services.program.depends_on.kafka).toEqual({ condition: 'service_healthy', required: false });
  });

  it('listens wherever it sends its clients, and knows how each listener speaks', () => {
    const [listeners, advertised] = [byName('KAFKA_LISTENERS'), byName('KAFKA_ADVERTISED_LISTENERS')];
    const controller = environment.KAFKA_CONTROLLER_LISTENER_NAMES!;
    expect([...listeners.keys()].toSorted()).toEqual([...advertised.keys(), controller].toSorted());
    for (const [name, address] of advertised) expect(portOf(listeners.get(name)!)).toBe(portOf(address));
    const protocols = environment.KAFKA_LISTENER_SECURITY_PROTOCOL_MAP!.split(',').map((each) => each.split(':')[0]);
    expect(protocols.toSorted()).toEqual([...listeners.keys()].toSorted());
    expect(listeners.has(environment.KAFKA_INTER_BROKER_LISTENER_NAME!)).toBe(true);
    expect(environment.KAFKA_CONTROLLER_QUORUM_VOTERS).toBe(`1@${listeners.get(controller)}`);
  });

  it('is found at the addresses that the comment at the top gives', () => {
    const urls = [...file.matchAll(/kafka:\/\/\S+?(?=[\s,])/g)].map(([url]) => brokerOf(url));
    const named = urls.map(({ name }) => name);
    expect(named).toEqual([...byName('KAFKA_ADVERTISED_LISTENERS').values()]);
    expect(ports).toEqual(named.filter((name) => name.startsWith('127.')).map((name) => `${name}${portOf(name)}`));
  });

  it('keeps its data in a volume', () => {
    const [volume] = mounted.map((mount) => mount.split(':'));
    expect(volume).toEqual(['kafka', environment.KAFKA_LOG_DIRS]);
    expect(Object.keys(volumes)).toContain('kafka');
  });
});
