/** A client that knows nothing of this program but a `.proto` file, or not even that: grpcurl, written in Go. */
import { execFile, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../src/platform/contract.ts';
import { PaymentsApi } from '../modules/payments/contract.ts';
import { issueCertificates } from '../src/host/certificates.ts';
import { startTestProgram, type TestProgram } from './support/program.ts';
import { freePort, temporaryFolder } from './support/running-program.ts';

const installed = spawnSync('grpcurl', ['-version'], { timeout: 10_000 }).error === undefined;
if (!installed) {
  const skipped =
    'No client in another language was tried: grpcurl is not on the path (go install github.com/fullstorydev/grpcurl/cmd/grpcurl@latest).';
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(skipped);
  console.warn(skipped);
}

/** Google's error details, as far as they are used; clients of any language have them: https://google.aip.dev/193 */
const errorDetails = `
  syntax = "proto3";
  package google.rpc;
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message BadRequest {
    message FieldViolation { string field = 1; string description = 2; }
    repeated FieldViolation field_violations = 1;
  }`;

const sku = 'mug-blue';
const protoFolder = join(import.meta.dirname, '../modules/orders');

/** Runs grpcurl and returns what it prints, answers and errors alike. */
async function run(...args: string[]): Promise<{ output: string; failed: boolean }> {
  const ran = promisify(execFile)('grpcurl', ['-max-time', '60', ...args], { timeout: 120_000 });
  return ran.then(
    ({ stdout }) => ({ output: stdout, failed: false }),
    (error: { stdout: string; stderr: string }) => ({ output: error.stdout + error.stderr, failed: true }),
  );
}

describe.skipIf(!installed)('a client in another language', () => {
  let program: TestProgram;
  let address: string;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeFile(join(folder.path, 'error_details.proto'), errorDetails);
    const port = await freePort();
    address = `127.0.0.1:${port}`;
    program = await startTestProgram({
      modules: ['orders'],
      remotes: [[PaymentsApi, {} as Client<never>]],
      environment: { GRPC_PORT: String(port), PEER_TLS: 'off' },
    });
  });
  afterAll(async () => {
    await program.stop();
    await folder.remove();
  });

  const grpcurl = (...args: string[]) => run('-plaintext', ...args);
  const protos = () => [
    '-import-path',
    protoFolder,
    '-proto',
    'orders.proto',
    '-import-path',
    folder.path,
    '-proto',
    'error_details.proto',
  ];
  const call = (method: string, input: object, ...options: string[]) =>
    grpcurl(...protos(), ...options, '-d', JSON.stringify(input), address, `fissile.orders.v1.Orders/${method}`);

  it('changes and reads what there is, with the .proto file alone', async () => {
    const product = { sku, name: 'A blue mug', price: { amount: '1250', currency: 'CURRENCY_EUR' }, stock: '3' };
    expect(await call('AddProduct', product)).toMatchObject({ failed: false });
    const { output } = await call('ListProducts', {});
    expect(JSON.parse(output)).toEqual({ data: [{ ...product, version: '1' }] });
  });

  it('reads the code of an error, which fields are wrong, and no stack', async () => {
    const unknown = await call('GetProduct', { sku: 'nowhere' });
    expect(unknown.output).toMatch(/Code: NotFound/);
    expect(unknown.output).toContain('orders.product-not-found');
    const wrong = await call('GetOrder', { order_id: 'seven' });
    expect(wrong.output).toMatch(/Code: InvalidArgument/);
    expect(wrong.output).toContain('/orderId');
    expect(unknown.output + wrong.output).not.toMatch(/node_modules|\bat \S+ \(/);
  });

  it('is refused with a token that is none', async () => {
    const { output } = await call('GetOrder', { order_id: randomUUID() }, '-H', 'authorization: Bearer nonsense');
    expect(output).toMatch(/Code: Unauthenticated/);
  });

  it('finds out by reflection what it can call, and whether that is healthy', async () => {
    const services = (await grpcurl(address, 'list')).output.split('\n');
    expect(services).toEqual(expect.arrayContaining(['fissile.orders.v1.Orders', 'grpc.health.v1.Health']));
    expect((await grpcurl(address, 'describe', 'fissile.orders.v1.Orders')).output).toContain('rpc PlaceOrder');
    const input = ['-d', JSON.stringify({ service: 'fissile.orders.v1.Orders' })];
    expect((await grpcurl(...input, address, 'grpc.health.v1.Health/Check')).output).toContain('SERVING');
  });
});

describe.skipIf(!installed)('a client in another language, where processes prove who they are', () => {
  it('S39 makes the calls that the module of its certificate declares, for the person whose token it has, and no other', async () => {
    const folder = await temporaryFolder();
    const issued = await issueCertificates(
      folder.path,
      new Map(['orders', 'users', 'payments'].map((name) => [name, [name]])),
      3_600_000,
    );
    const port = await freePort();
    const { ca, cert, key } = issued.get('orders')!;
    const program = await startTestProgram({
      modules: ['orders'],
      remotes: [[PaymentsApi, {} as Client<never>]],
      environment: { GRPC_PORT: String(port), PEER_TLS_CA: ca, PEER_TLS_CERT: cert, PEER_TLS_KEY: key },
    });
    const [ada, grace] = [randomUUID(), randomUUID()];
    const as = (name: string, authority = 'orders') => {
      const own = issued.get(name)!;
      const tls = ['-cacert', own.ca, '-cert', own.cert, '-key', own.key, '-authority', authority];
      return (method: string, input: object) =>
        run(
          ...tls,
          '-H',
          `authorization: Bearer ${program.tokenFor({ userId: ada })}`,
          '-d',
          JSON.stringify(input),
          `127.0.0.1:${port}`,
          `fissile.orders.v1.Orders/${method}`,
        );
    };
    try {
      expect(await as('users')('ExportPersonalData', { user_id: ada })).toMatchObject({ failed: false });
      expect((await as('users')('ExportPersonalData', { user_id: grace })).output).toMatch(/Code: PermissionDenied/);
      expect((await as('users')('ListProducts', {})).output).toMatch(/Code: PermissionDenied/);
      expect((await as('payments')('ExportPersonalData', { user_id: ada })).output).toMatch(/Code: PermissionDenied/);
      expect((await as('users', 'payments')('ExportPersonalData', { user_id: ada })).output).toMatch(
        /certificate is valid for orders, not payments/,
      );
      expect(await run('-insecure', '-authority', 'orders', `127.0.0.1:${port}`, 'list')).toMatchObject({
        failed: true,
      });
    } finally {
      await program.stop();
      await folder.remove();
    }
  });
});
