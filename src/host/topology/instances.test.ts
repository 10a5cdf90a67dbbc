import { describe, expect, it } from 'vitest';
import { instancesOf, type Means } from './instances.ts';
import type { Topology } from './topology.ts';

const topology: Topology = {
  eventsUrl: 'amqp://broker',
  databaseNameOf: (module) => module,
  processes: [
    { name: 'front', modules: ['gateway'], replicas: 1, port: 3000, grpcPort: undefined },
    { name: 'shop', modules: ['shop', 'gift-cards'], replicas: 2, port: 3010, grpcPort: 5010 },
    { name: 'library', modules: ['library'], replicas: 1, port: 3020, grpcPort: 5020 },
  ],
};
const files = (name: string) => ({ ca: 'ca.pem', cert: `${name}.pem`, key: `${name}.key` });
const means: Means = {
  environment: {
    PATH: '/bin',
    SEED: 'none',
    DATABASE_URL: 'postgresql://admin@pooler',
    DATABASE_DIRECT_URL: 'postgresql://admin@db',
    MODULES: 'all',
    FORCE_COLOR: '1',
  },
  databases: new Map(
    ['shop', 'gift-cards', 'library'].map((name) => [
      name,
      { url: `postgresql://${name}@pooler/${name}`, directUrl: `postgresql://${name}@db/${name}` },
    ]),
  ),
  settings: new Map([
    ['shop', ['CHECKOUT_TIMEOUT', 'CURRENCY']],
    ['gift-cards', ['CARD_KEY']],
    ['library', ['CARD_SECRET', 'CURRENCY']],
  ]),
  certificates: new Map(['front', 'shop', 'library'].map((name) => [name, files(name)])),
};

/** Without what is not set. */
const environmentsOf = (given = means) =>
  Object.fromEntries(
    instancesOf(topology, given).map(({ name, environment }) => [
      name,
      Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined)),
    ]),
  );

describe('the environment of a process', () => {
  it('says what runs here, and where everybody else is', () => {
    expect(environmentsOf()['shop-2']).toEqual({
      PATH: '/bin',
      SEED: 'none',
      NO_COLOR: '1',
      MODULES: 'shop,gift-cards',
      HOST: '127.0.0.1',
      PORT: '3011',
      GRPC_PORT: '5011',
      EVENTS_URL: 'amqp://broker',
      INSTANCE: 'shop-2',
      PUBLIC_URL: 'http://localhost:3000',
      SHOP_DATABASE_URL: 'postgresql://shop@pooler/shop',
      SHOP_DATABASE_DIRECT_URL: 'postgresql://shop@db/shop',
      GIFT_CARDS_DATABASE_URL: 'postgresql://gift-cards@pooler/gift-cards',
      GIFT_CARDS_DATABASE_DIRECT_URL: 'postgresql://gift-cards@db/gift-cards',
      LIBRARY_URL: '127.0.0.1:5020',
      LIBRARY_HTTP_URL: 'https://127.0.0.1:3020',
      PEER_TLS_CA: 'ca.pem',
      PEER_TLS_CERT: 'shop.pem',
      PEER_TLS_KEY: 'shop.key',
      TRUST_PROXY: '1',
      TRUST_PROXY_HEADER: 'x-forwarded-for',
      RATE_LIMIT_PER_MINUTE: '0',
      SHUTDOWN_DELAY: '0',
    });
  });

  it('leads the gateway to every replica, and to no database', () => {
    const { front } = environmentsOf();
    expect(front).toMatchObject({
      MODULES: 'gateway',
      SHOP_URL: '127.0.0.1:5010,127.0.0.1:5011',
      GIFT_CARDS_HTTP_URL: 'https://127.0.0.1:3010,https://127.0.0.1:3011',
    });
    expect(Object.keys(front!).filter((name) => name.includes('DATABASE'))).toEqual([]);
    for (const name of ['TRUST_PROXY', 'RATE_LIMIT_PER_MINUTE', 'HOST', 'GRPC_PORT'])
      expect(front).not.toHaveProperty(name);
  });

  it('holds what its own modules read, and neither secrets nor ports of others', () => {
    const secrets = {
      MANAGEMENT_PORT: '9090',
      CARD_KEY: 'k',
      CARD_SECRET: 's',
      CURRENCY: 'EUR',
      REDIS_URL: 'redis://:pw@counts',
      TLS_KEY: 'public.key',
      GIFT_CARDS_DATABASE_URL: 'x',
    };
    const all = environmentsOf({ ...means, environment: { ...means.environment, ...secrets } });
    const held = (name: string) => Object.keys(secrets).filter((variable) => variable in all[name]!);
    expect(held('front')).toEqual(['MANAGEMENT_PORT', 'REDIS_URL', 'TLS_KEY']);
    expect(held('shop-1')).toEqual(['CARD_KEY', 'CURRENCY', 'GIFT_CARDS_DATABASE_URL']);
    expect(held('library')).toEqual(['CARD_SECRET', 'CURRENCY']);
  });

  it('has the management port of the file, and each replica the next one', () => {
    const processes = topology.processes.map((entry) => ({ ...entry, managementPort: entry.port + 100 }));
    const all = instancesOf({ ...topology, processes }, means).map(({ environment }) => environment.MANAGEMENT_PORT);
    expect(all).toEqual(['3100', '3110', '3111', '3120']);
  });

  it("has the broker as its own user where the environment names one, and nobody else's", () => {
    const users = { SHOP_EVENTS_URL: 'amqp://shop:pw@broker', LIBRARY_EVENTS_URL: 'amqp://library:pw@broker' };
    const all = environmentsOf({ ...means, environment: { ...means.environment, ...users } });
    expect(Object.values(all).map(({ EVENTS_URL }) => EVENTS_URL)).toEqual([
      'amqp://broker',
      users.SHOP_EVENTS_URL,
      users.SHOP_EVENTS_URL,
      users.LIBRARY_EVENTS_URL,
    ]);
    for (const variable of Object.keys(users))
      for (const each of Object.values(all)) expect(each).not.toHaveProperty(variable);
  });

  it('takes an address from the environment before its own', () => {
    const environment = { ...means.environment, LIBRARY_URL: 'dns:///library:50051', PEER_TLS: 'off' };
    const all = environmentsOf({ ...means, environment, certificates: undefined });
    expect(all['shop-1']).toMatchObject({
      LIBRARY_URL: 'dns:///library:50051',
      LIBRARY_HTTP_URL: 'http://127.0.0.1:3020',
    });
    expect(all['shop-1']).not.toHaveProperty('PEER_TLS_CERT');
  });

  it("knows the address that people use, which is the gateway's or the one that is set", () => {
    const urls = (environment: Record<string, string>) =>
      new Set(Object.values(environmentsOf({ ...means, environment })).map(({ PUBLIC_URL }) => PUBLIC_URL));
    expect([...urls({ PORT: '8080' })]).toEqual(['http://localhost:3000']);
    expect([...urls({ TLS_CERT: 'a', TLS_KEY: 'b' })]).toEqual(['https://localhost:3000']);
    expect([...urls({ PUBLIC_URL: 'https://shop.example' })]).toEqual(['https://shop.example']);
  });
});
