import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readTopology } from './topology.ts';

const folder = mkdtempSync(join(tmpdir(), 'fissile-topology-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, 'shop.yaml');
function read(text: string, environment: Record<string, string> = {}) {
  writeFileSync(file, text);
  return readTopology(file, ['library', 'shop'], environment);
}

const apart = `events: \${EVENTS_URL}
processes:
  front:
    modules: [gateway]
    port: 3000
  library:
    modules: [library]
    port: 3010
    grpcPort: 5010
  shop:
    modules: [shop]
    replicas: 2
    port: 3020
    grpcPort: 5020
`;

describe('a topology', () => {
  it('says which modules run together, and where', async () => {
    const { processes, eventsUrl } = await read(apart);
    expect(processes).toEqual([
      { name: 'front', modules: ['gateway'], replicas: 1, port: 3000, grpcPort: undefined },
      { name: 'library', modules: ['library'], replicas: 1, port: 3010, grpcPort: 5010 },
      { name: 'shop', modules: ['shop'], replicas: 2, port: 3020, grpcPort: 5020 },
    ]);
    expect(eventsUrl).toBe('amqp://127.0.0.1:5672');
  });

  it('takes the broker from the environment, from the file, or needs none', async () => {
    expect((await read(apart, { EVENTS_URL: 'amqps://broker' })).eventsUrl).toBe('amqps://broker');
    expect(
      (await read(apart.replace('${EVENTS_URL}', 'amqp://other'), { EVENTS_URL: 'amqp://broker' })).eventsUrl,
    ).toBe('amqp://other');
    const cluster = 'kafkas://user:secret@one:9093,two:9093?sasl=scram-sha-512';
    expect((await read(apart.replace('${EVENTS_URL}', cluster))).eventsUrl).toBe(cluster);
    const alone = 'events: memory\nprocesses: { all: { modules: [gateway, library, shop], port: 80 } }';
    expect((await read(alone, { EVENTS_URL: 'amqp://broker' })).eventsUrl).toBeUndefined();
  });

  it('names a database after each module, or as the file says', async () => {
    expect((await read(apart)).databaseNameOf('my-shop')).toBe('my_shop');
    expect((await read(`databases: test_*\n${apart}`)).databaseNameOf('shop')).toBe('test_shop');
  });

  it('lets PORT choose another way in', async () => {
    const { processes } = await read(apart, { PORT: '8080' });
    expect(processes.map(({ port }) => port)).toEqual([8080, 3010, 3020]);
  });
});

describe('a mistake in a topology is one line with its place:', () => {
  it.each([
    ['no YAML', apart.replace('[shop]', '[shop'), /^shop\.yaml:\d+: this is not valid YAML: /],
    ['nothing in it', '', /^shop\.yaml:1: events: is missing\.$/],
    [
      'a misspelt setting',
      apart.replace('replicas', 'replica'),
      /^shop\.yaml:12: processes\.shop\.replica: is not a setting; there are modules, replicas, port, grpcPort, managementPort\.$/,
    ],
    ['a port that is none', apart.replace('3010', '301000'), /^shop\.yaml:8: processes\.library\.port: Too big/],
    ['no port', apart.replace('    port: 3010\n', ''), /^shop\.yaml:6: processes\.library\.port: is missing\.$/],
    [
      'a name that is none',
      apart.replace('  front:', '  The Front:'),
      /^shop\.yaml:3: processes\.The Front: must be lower-case letters/,
    ],
    [
      'another transport',
      apart.replace('${EVENTS_URL}', 'kafka'),
      /^shop\.yaml:1: events: must be memory, \$\{EVENTS_URL\}, or the URL of a broker\.$/,
    ],
    [
      'a broker of another kind',
      apart.replace('${EVENTS_URL}', 'nats://broker'),
      /^shop\.yaml:1: events: must be an amqp:\/\/, amqps:\/\/, kafka:\/\/ or kafkas:\/\/ URL\.$/,
    ],
    [
      'the URL of a broker that is none',
      apart.replace('${EVENTS_URL}', 'kafka://one,two:x'),
      /^shop\.yaml:1: events: "two:x" in it is not a host and a port\.$/,
    ],
    ['one database for all', `databases: all\n${apart}`, /^shop\.yaml:1: databases: must hold one \* /],
    [
      'an unknown module',
      apart.replace('[library]', '[bakery]'),
      /^shop\.yaml:7: processes\.library\.modules\.0: bakery is not a module; there are gateway, library, shop\.$/,
    ],
    [
      'a module in two processes',
      apart.replace('[shop]', '[shop, library]'),
      /^shop\.yaml:11: processes\.shop\.modules\.1: library runs in library already\./,
    ],
    [
      'no gateway',
      apart.replace(/ {2}front:[^]*(?= {2}library:)/, ''),
      /^shop\.yaml:2: processes: no process runs gateway\. Add it to the modules of one\.$/,
    ],
    [
      'a module nowhere',
      apart.slice(0, apart.indexOf('  shop:')),
      /^shop\.yaml:2: processes: no process runs shop\. Add it to the modules of one\.$/,
    ],
    [
      'replicas of the gateway',
      apart.replace('port: 3000', 'port: 3000\n    replicas: 2'),
      /^shop\.yaml:6: processes\.front\.replicas: must be 1/,
    ],
    [
      'memory for several',
      apart.replace('${EVENTS_URL}', 'memory'),
      /^shop\.yaml:1: events: memory reaches one process only\./,
    ],
    [
      'nothing to call a process by',
      apart.replace('    grpcPort: 5010\n', ''),
      /^shop\.yaml:6: processes\.library\.grpcPort: is missing: other processes call its modules\.$/,
    ],
    [
      'a port used twice, by a replica',
      apart.replace('3010', '3021'),
      /^shop\.yaml:13: processes\.shop\.port: 3021 belongs to library\.port already/,
    ],
  ])('%s', async (_, text, said) => {
    const error = await read(text).catch((error: Error) => error);
    expect(error).toMatchObject({ name: 'StartupError' });
    const message = (error as Error).message.replace(folder + '/', '');
    expect(message).toMatch(said);
    expect(message).not.toContain('\n');
  });

  it('no such file', async () => {
    await expect(readTopology('nowhere.yaml', [], {})).rejects.toThrow(
      '--topology nowhere.yaml: there is no such file. Name a file such as topologies/split.yaml.',
    );
  });
});
