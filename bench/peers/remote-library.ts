/** A process that is asked for loans, `node remote-library.ts fissile|grpc|moleculer <port>`; says `ready` when it can be. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ServiceBroker } from 'moleculer';
import { Metrics } from '../../src/runtime/observability/metrics.ts';
import { RpcServer } from '../../src/runtime/grpc/rpc-server.ts';
import { TokenVerifier } from '../../src/runtime/security/token-verifier.ts';
import { LibraryApi, libraryProto, loan } from '../library-contract.ts';
import { bareService } from './bare-grpc.ts';
import { brokerOptions } from './moleculer-over-tcp.ts';

const quiet = { debug() {}, info() {}, warn: console.error, error: console.error };
const [, , kind, port] = process.argv;

if (kind === 'fissile') {
  const nobody = { keys: async () => [], isLive: async () => false, onEnded() {} };
  await RpcServer.listen({
    host: '127.0.0.1',
    port: Number(port),
    apis: [{ api: LibraryApi, proto: libraryProto, handlerOf: () => async () => loan, callersOf: () => [] }],
    certificates: undefined,
    verifier: new TokenVerifier({ authenticator: nobody, issuers: ['bench'], audience: 'bench' }),
    logger: quiet,
    metrics: new Metrics(),
    health: async () => true,
  });
} else if (kind === 'grpc') {
  const server = new Server();
  server.addService(bareService(), {
    getLoan: (_: unknown, answer: (error: null, value: unknown) => void) => answer(null, loan),
  });
  await new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
} else {
  const broker = new ServiceBroker(brokerOptions('library', Number(port)));
  broker.createService({
    name: 'library',
    actions: { getLoan: { params: { loanId: 'string', reader: 'string' }, handler: async () => loan } },
  });
  await broker.start();
}
process.stdout.write('ready\n');
process.once('SIGTERM', () => process.exit());
