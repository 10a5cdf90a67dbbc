import { Client, credentials, type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { sessionOf } from './grpc-session.ts';

const same = (bytes: Buffer) => bytes;

it('tells which calls came over the same connection', async () => {
  const sessions: (object | undefined)[] = [];
  const server = new Server();
  const answer: handleUnaryCall<Buffer, Buffer> = (call, reply) => {
    sessions.push(sessionOf(call));
    reply(null, Buffer.alloc(0));
  };
  server.register('/test/call', answer, same, same, 'unary');
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const clients = [0, 1].map(
    () => new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }),
  );
  const call = (client: Client) =>
    new Promise<void>((resolve, reject) =>
      client.makeUnaryRequest('/test/call', same, same, Buffer.alloc(0), (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  const [one, other] = clients as [Client, Client];
  for (const client of [one, one, other]) await call(client);
  for (const client of clients) client.close();
  server.forceShutdown();

  const [first, second, third] = sessions;
  // Compared here, since a session cannot be printed.
  expect([first, third].map((session) => typeof session)).toEqual(['object', 'object']);
  expect([second === first, third === first]).toEqual([true, false]);
});
