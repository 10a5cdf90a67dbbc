import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, credentials, Metadata, status as Code, type ServiceError } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { CallContext } from '#platform/context.ts';
import { api, query } from '#platform/contract.ts';
import { protoFile } from './proto-file.ts';
import { serviceCodec } from './service-codec.ts';
import { LibraryApi, libraryProto, remoteLibrary, serveLibrary } from './testing/library.ts';

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function served(...given: Parameters<typeof serveLibrary>) {
  const serving = await serveLibrary(...given);
  opened.push(() => serving.server.close(0));
  return serving;
}

function rawClient(address: string): Client {
  const client = new Client(address, credentials.createInsecure());
  opened.push(() => client.close());
  return client;
}

const asBytes = (bytes: Buffer) => bytes;

/** One message of a field that is a text, there and back: what a client does that knows nothing of our code. */
const textField = (id: number, text: string) =>
  Buffer.from(
    protobuf.Writer.create()
      .uint32((id << 3) | 2)
      .string(text)
      .finish(),
  );

/** Without a deadline. */
const ask = (client: Client, path: string, bytes: Buffer) =>
  new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest(path, asBytes, asBytes, bytes, new Metadata(), (error, answer) =>
      error ? reject(error) : resolve(answer!),
    );
  });

const serving = Buffer.from([8, 1]);
const notServing = Buffer.from([8, 2]);
const serviceUnknown = Buffer.from([8, 3]);
const service = 'fissile.library.v1.Library';

describe('the health service', () => {
  it('tells of the process and of each service', async () => {
    let healthy = true;
    const { address } = await served({}, { health: async () => healthy });
    const check = (name: string) => ask(rawClient(address), '/grpc.health.v1.Health/Check', textField(1, name));
    expect(await check('')).toEqual(serving);
    expect(await check(service)).toEqual(serving);
    await expect(check('fissile.cellar.v1.Cellar')).rejects.toMatchObject({ code: Code.NOT_FOUND });
    healthy = false;
    expect(await check('')).toEqual(notServing);
    expect(await check(service)).toEqual(notServing);
    const list = await ask(rawClient(address), '/grpc.health.v1.Health/List', Buffer.alloc(0));
    expect(list.toString()).toContain(service);
  });

  it('is not serving where nobody can tell', async () => {
    const { address } = await served({}, { health: () => Promise.reject(new Error('broken')) });
    expect(await ask(rawClient(address), '/grpc.health.v1.Health/Check', Buffer.alloc(0))).toEqual(notServing);
  });

  it('tells watchers of every change, and of the end', async () => {
    let healthy = true;
    const { address, server } = await served({}, { health: async () => healthy });
    const watching = (name: string) => {
      const stream = rawClient(address).makeServerStreamRequest(
        '/grpc.health.v1.Health/Watch',
        asBytes,
        asBytes,
        textField(1, name),
      );
      const heard: Buffer[] = [];
      stream.on('data', (status: Buffer) => heard.push(status));
      stream.on('error', () => {});
      return { heard, ended: once(stream, 'end') };
    };
    const [own, unknown] = [watching(service), watching('other')];
    await expect.poll(() => own.heard).toEqual([serving]);
    await expect.poll(() => unknown.heard).toEqual([serviceUnknown]);
    healthy = false;
    await expect.poll(() => own.heard).toEqual([serving, notServing]);
    healthy = true;
    await expect.poll(() => own.heard).toEqual([serving, notServing, serving]);
    await Promise.all([server.close(1_000), own.ended]);
    expect(own.heard).toEqual([serving, notServing, serving, notServing]);
  });
});

describe.each(['v1', 'v1alpha'])('the reflection service %s', (version) => {
  async function reflected(address: string, id: number, text: string): Promise<Buffer> {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const stream = rawClient(address).makeBidiStreamRequest(path, asBytes, asBytes);
    stream.write(textField(id, text));
    const [answer] = (await once(stream, 'data')) as [Buffer];
    stream.end();
    return answer;
  }

  it('names every service', async () => {
    const { address } = await served();
    const answer = String(await reflected(address, 7, '*'));
    for (const name of [service, 'grpc.health.v1.Health', `grpc.reflection.${version}.ServerReflection`])
      expect(answer).toContain(name);
  });

  it('gives the file of whatever is in it, with what it imports', async () => {
    const { address } = await served();
    for (const symbol of [
      service,
      `${service}.Find`,
      'fissile.library.v1.FindRequest',
      'grpc.health.v1.HealthCheckResponse.ServingStatus',
    ]) {
      expect((await reflected(address, 4, symbol)).length).toBeGreaterThan(200);
    }
    expect(String(await reflected(address, 4, 'fissile.library.v1.Cellar'))).toContain('Nothing here has that name.');
    expect(String(await reflected(address, 5, ''))).toContain('There are no extensions here.');
    const [file] = await filesOf(await reflected(address, 3, 'fissile/library/v1.proto'));
    expect(file!.messageType.find(({ name }) => name === 'FindResponse')!.field.map(({ name }) => name)).toEqual([
      'title',
      'shelf',
    ]);
    expect(file!.messageType.find(({ name }) => name === 'LendRequest')!.field).toContainEqual(
      expect.objectContaining({ name: 'days', proto3Optional: true }),
    );
  });

  it('knows what google.protobuf brings along', async () => {
    const ShelvesApi = api('library', {
      find: query(1, {
        input: z.object({ room: z.string().optional(), shelf: z.string().nullable().optional() }),
        output: z.object({}),
        errors: [],
      }),
    });
    const proto = protoFile({ module: 'library', api: ShelvesApi, exports: new Map([['library', {}]]), released: {} });
    const { address } = await served(
      {},
      { apis: [{ api: ShelvesApi, proto, handlerOf: () => async () => ({}), callersOf: () => [] }] },
    );
    const files = await filesOf(await reflected(address, 4, service));
    expect(files.map(({ name, dependency }) => ({ name, dependency }))).toEqual([
      { name: 'fissile/library/v1.proto', dependency: ['google/protobuf/struct.proto'] },
      { name: 'google/protobuf/struct.proto', dependency: [] },
    ]);
    const { field, oneofDecl } = files[0]!.messageType.find(({ name }) => name === 'FindRequest')!;
    expect(oneofDecl.map(({ name }) => name)).toEqual(['shelf_or_null', '_room']);
    expect(field.map(({ name, oneofIndex }) => [name, oneofIndex])).toEqual([
      ['room', 1],
      ['shelf', 0],
      ['shelf_null', 0],
    ]);
    const map = files[1]!.messageType.find(({ name }) => name === 'Struct')!;
    expect(map).toMatchObject({ field: [{ typeName: 'FieldsEntry' }], nestedType: [{ name: 'FieldsEntry' }] });
  });

  interface File {
    name: string;
    dependency: string[];
    messageType: {
      name: string;
      field: { name: string; oneofIndex: number; proto3Optional: boolean }[];
      oneofDecl: { name: string }[];
    }[];
  }
  async function filesOf(answer: Buffer): Promise<File[]> {
    const { root } = protobuf.parse(
      `syntax = "proto3";
      message Answer { Files files = 4; }
      message Files { repeated bytes file = 1; }`,
      new protobuf.Root(),
    );
    const { files } = root.lookupType('Answer').decode(answer) as unknown as { files: { file: Buffer[] } };
    return files.file.map((bytes) => descriptor.FileDescriptorProto.decode(bytes) as unknown as File);
  }
});

describe('the port for other processes', () => {
  it('is refused with EADDRINUSE where somebody has it', async () => {
    const { server } = await served();
    await expect(serveLibrary({}, { port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('gives a call without a deadline thirty seconds, and an id and a trace of its own', async () => {
    let seen: CallContext | undefined;
    const { address } = await served({
      find: async (_, context) => {
        seen = context;
        return { title: '', shelf: null };
      },
    });
    const { path, encodeInput } = serviceCodec(LibraryApi, libraryProto).operations.get('find')!;
    await ask(rawClient(address), path, encodeInput({ book: 'Emma' }));
    expect(Math.abs(seen!.deadline.remaining - 30_000)).toBeLessThan(10_000);
    expect(seen!.requestId).not.toBe('');
    expect(seen!.trace.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('refuses bytes that are no message', async () => {
    const { address } = await served();
    const call = ask(rawClient(address), `/${service}/Find`, Buffer.from([0xff, 0xff, 0xff]));
    await expect(call).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
  });

  it('tells a client in any language what went wrong', async () => {
    const { address } = await served();
    const { path, encodeInput } = serviceCodec(LibraryApi, libraryProto).operations.get('lend')!;
    const error = (await ask(rawClient(address), path, encodeInput({ book: 'Emma', days: 31 })).catch(
      (thrown: unknown) => thrown,
    )) as ServiceError;
    expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT, details: 'The request is not valid.' });
    const details = String(error.metadata.get('grpc-status-details-bin')[0]);
    for (const part of [
      'type.googleapis.com/google.rpc.ErrorInfo',
      'platform.invalid-request',
      'fissile',
      'invalid',
      'google.rpc.BadRequest',
      '/days',
    ]) {
      expect(details).toContain(part);
    }
  });

  it('takes no message above four megabytes', async () => {
    const { address } = await served();
    const { module, library } = remoteLibrary(address);
    opened.push(() => module.close());
    await expect(library.find({ book: 'x'.repeat(5 * 1024 * 1024) })).rejects.toMatchObject({ kind: 'internal' });
    await expect(library.find({ book: 'x'.repeat(1024 * 1024) })).resolves.toBeDefined();
  });

  it('lets calls under way finish when it closes, takes no new ones, and waits no longer than it is told', async () => {
    const arrivals: Promise<void>[] = [];
    const start = async (milliseconds: number) => {
      const arrived = Promise.withResolvers<void>();
      arrivals.push(arrived.promise);
      const { address, server } = await served({
        lend: async () => {
          arrived.resolve();
          await delay(milliseconds, undefined, { ref: false });
          return { due: 'later' };
        },
      });
      const { module, library } = remoteLibrary(address);
      opened.push(() => module.close());
      const call = library.lend({ book: 'Emma', days: 1 });
      await arrived.promise;
      return { server, library, call };
    };
    const patient = await start(300);
    const closing = patient.server.close(60_000);
    await expect(patient.call).resolves.toEqual({ due: 'later' });
    await closing;
    await expect(patient.library.lend({ book: 'Emma', days: 1 })).rejects.toMatchObject({ kind: 'unavailable' });

    const hasty = await start(60_000);
    const started = Date.now();
    const [, outcome] = await Promise.allSettled([hasty.server.close(200), hasty.call]);
    expect(Date.now() - started).toBeLessThan(30_000);
    expect(outcome).toMatchObject({ reason: { kind: 'unavailable' } });
  });
});

describe('whether a module elsewhere is there', () => {
  it('is known within a second', async () => {
    const { address, server } = await served();
    const { module } = remoteLibrary(address);
    opened.push(() => module.close());
    await expect(module.ready()).resolves.toBeUndefined();
    await server.close(0);
    await expect
      .poll(() =>
        module.ready().then(
          () => 'ready',
          (error: { code: string }) => error.code,
        ),
      )
      .toBe('platform.unavailable');
  });

  it('cannot be asked of what is no address', () => {
    expect(() => remoteLibrary('http://library')).toThrow('"http://library" is no address of library.');
  });
});
