/** Every call of every contract, made in process and over gRPC with made-up inputs: the same value, or the same error. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Deadline } from '#platform/deadline.ts';
import { findModules, loadModules } from '../src/host/modules.ts';
import { protoOf } from '../src/host/elsewhere.ts';
import { localClient, type AnyHandler } from '../src/runtime/calls/local-client.ts';
import { runInContext, CallContext, newTrace, type Principal } from '../src/platform/context.ts';
import { api as named, type Operation } from '../src/platform/contract.ts';
import { Failure, platformErrors } from '../src/platform/errors.ts';
import { RemoteModule } from '../src/runtime/grpc/remote-module.ts';
import { RpcServer } from '../src/runtime/grpc/rpc-server.ts';
import { valuesOf } from '../src/runtime/grpc/testing/values.ts';
import { Metrics } from '../src/runtime/observability/metrics.ts';
import { TokenVerifier } from '../src/runtime/security/token-verifier.ts';
import { parties, somebody, TestAuthenticator, tokenFor } from './support/gateway.ts';
import { silentLogger } from './support/postgres.ts';

/** The current test's handler. Both ways lead to it. */
let behave: AnyHandler = async () => ({});
const handlerOf = (): AnyHandler => (input, context) => behave(input, context);

const definitions = await loadModules(await findModules());
const metrics = new Metrics();
const server = await RpcServer.listen({
  host: '127.0.0.1',
  port: 0,
  apis: definitions.map(({ name, offers }) => ({ api: offers, proto: protoOf(name), handlerOf, callersOf: () => [] })),
  certificates: undefined,
  verifier: new TokenVerifier({ ...parties, authenticator: new TestAuthenticator() }),
  logger: silentLogger,
  metrics,
  health: async () => true,
});

const modules = definitions.map(({ name, offers: api }) => {
  const target = `127.0.0.1:${server.port}`;
  const there = new RemoteModule({
    api,
    proto: protoOf(name),
    target,
    certificates: undefined,
    logger: silentLogger,
    metrics,
  });
  const here = localClient(api, {
    handlerOf,
    meterOf: ({ module, name: operation }) => metrics.calls('tests', { module, name: operation }),
  });
  return { api, there, here };
});

const careless: RemoteModule[] = [];

afterAll(async () => {
  await Promise.all([...careless, ...modules.map(({ there }) => there)].map((remote) => remote.close()));
  await server.close(0);
});

const askedBy = (principal: Principal) =>
  new CallContext({
    deadline: new Deadline(5_000),
    requestId: 'seven',
    trace: newTrace(),
    principal,
    token: tokenFor(principal),
  });

/** As a caller sees it. */
async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await call };
  } catch (error) {
    if (!(error instanceof Failure)) return { error };
    const { code, kind, message, fields, retryAfter } = error;
    return { code, kind, message, fields, retryAfter };
  }
}

const failuresOf = ({ errors }: Operation) =>
  fc
    .record(
      {
        detail: fc.string(),
        fields: fc.array(fc.record({ path: fc.string(), message: fc.string() }), { maxLength: 3 }),
        retryAfter: fc.integer({ min: 1, max: 86_400 }),
      },
      { requiredKeys: [], noNullPrototype: true },
    )
    .chain((details) => fc.constantFrom(...errors, ...Object.values(platformErrors)).map((error) => error(details)));

const operations = modules.flatMap(({ api, here, there }) =>
  Object.entries(api).map(([name, operation]) => ({
    call: `${operation.module}.${name}`,
    name,
    operation,
    here,
    there,
  })),
);

describe.each(operations)('$call over the wire', ({ name, operation, here, there }) => {
  const inContextOf = <T>(input: unknown, work: () => T): T => {
    const userId = operation.actsFor && (input as Record<string, string>)[operation.actsFor];
    return userId ? runInContext(askedBy({ ...somebody(), userId }), work) : work();
  };
  const both = async (input: unknown) => {
    const seen: unknown[] = [];
    const answer = behave;
    behave = (given, context) => {
      seen.push(given);
      return answer(given, context);
    };
    const inProcess = await outcomeOf(inContextOf(input, () => here[name]!(input as never)));
    const remote = await outcomeOf(inContextOf(input, () => there.clientOf('tests')[name]!(input as never)));
    behave = answer;
    return { seen, inProcess, remote };
  };

  it('passes what it is given, and gives what it would in process', () =>
    fc.assert(
      fc.asyncProperty(valuesOf(operation.input), valuesOf(operation.output), async (input, output) => {
        behave = async () => output;
        const { seen, inProcess, remote } = await both(input);
        expect(seen).toEqual([input, input]);
        expect(inProcess).toEqual({ value: output });
        expect(remote).toEqual(inProcess);
      }),
      { numRuns: 40 },
    ));

  it('fails as it would in process', () =>
    fc.assert(
      fc.asyncProperty(valuesOf(operation.input), failuresOf(operation), async (input, failure) => {
        behave = () => Promise.reject(failure);
        const { inProcess, remote } = await both(input);
        expect(remote).toEqual(inProcess);
      }),
      { numRuns: 20 },
    ));
});

/** Operations that another module calls, or may come to call. */
const needed = new Set(definitions.flatMap(({ needs }) => needs));

describe('acting for a person', () => {
  /** A field that says whose something is. */
  const person = /^(user|customer|person|account)Id$/;
  const unsaid = (operation: Operation) =>
    operation.actsFor === undefined && Object.keys(operation.input.shape).some((field) => person.test(field));

  it('is said of every operation that another module calls and that names a person', () => {
    expect(needed.size).toBeGreaterThan(4);
    expect([...needed].filter(unsaid).map(({ module, name }) => `${module}.${name}`)).toEqual([]);
    const forgotten = {
      ...[...needed].find(({ actsFor }) => actsFor === 'userId')!,
      actsFor: undefined,
    } as unknown as Operation;
    expect(unsaid(forgotten), 'one that is forgotten').toBe(true);
  });

  it.each(operations.filter(({ operation }) => operation.actsFor))(
    'S29 $call refuses any other than who asks, and where nobody asks, in process, over the wire and from a process that does not look',
    async ({ operation, name, here, there }) => {
      const [input, output] = [
        fc.sample(valuesOf(operation.input), 1)[0] as object,
        fc.sample(valuesOf(operation.output), 1)[0],
      ];
      let acted = 0;
      behave = async () => (acted++, output);
      const own = somebody();
      const [ofOwn, ofAnother] = [own.userId, somebody().userId].map((userId) => ({
        ...input,
        [operation.actsFor!]: userId,
      }));
      const careless = carelessClientOf(operation);
      const ways = [here[name]!, there.clientOf('tests')[name]!, careless[name]!] as ((
        input: unknown,
      ) => Promise<unknown>)[];
      for (const call of ways) {
        expect(await outcomeOf(runInContext(askedBy(own), () => call(ofAnother)))).toMatchObject({
          code: 'platform.forbidden',
        });
        expect(await outcomeOf(call(ofOwn))).toMatchObject({ code: 'platform.forbidden' });
      }
      expect(acted).toBe(0);
      for (const call of ways)
        expect(await outcomeOf(runInContext(askedBy(own), () => call(ofOwn)))).toHaveProperty('value');
      expect(acted).toBe(ways.length);
    },
  );

  /** As a process would call that somebody else's code runs in. */
  function carelessClientOf({ module }: Operation) {
    const { offers } = definitions.find(({ name }) => name === module)!;
    const api = Object.fromEntries(
      Object.entries(offers).map(([name, operation]) => [name, { ...operation, actsFor: null }]),
    );
    const client = new RemoteModule({
      api: named(module, api),
      proto: protoOf(module),
      target: `127.0.0.1:${server.port}`,
      certificates: undefined,
      logger: silentLogger,
      metrics: new Metrics(),
    });
    careless.push(client);
    return client.clientOf('tests');
  }
});

describe('the circumstances of a call', () => {
  const { here, there } = modules[0]!;
  const [name, operation] = Object.entries(modules[0]!.api)[0]!;
  const [input] = fc.sample(valuesOf(operation.input), 1);

  it('are known over the wire as in process: who asks, under which request and trace, and until when', async () => {
    const context = askedBy(somebody());
    const seen: CallContext[] = [];
    const [output] = fc.sample(valuesOf(operation.output), 1);
    behave = async (_, given) => {
      seen.push(given);
      return output;
    };
    await runInContext(context, () => here[name]!(input as never));
    await runInContext(context, () => there.clientOf('tests')[name]!(input as never));
    const [inProcess, remote] = seen;
    expect(remote).toMatchObject({ requestId: 'seven', principal: inProcess!.principal });
    expect(remote!.trace.traceId).toBe(inProcess!.trace.traceId);
    expect(Math.abs(remote!.deadline.remaining - inProcess!.deadline.remaining)).toBeLessThan(5_000);
  });
});
