import { deepEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { compare, type Comparison, type Side } from '../compare.ts';
import { cpuTimeOf, cpuTimeOfPostgres } from '../cpu-time.ts';
import { HttpLoad, type HttpRequest } from '../http-load.ts';
import { customerOf, openShop, startProgram } from '../program.ts';
import type { Row } from '../row.ts';
import { type BenchDatabase, type BenchProcess, startDatabase, startProcess } from '../server.ts';

const connections = 16;
const corsOrigin = 'https://shop.example';

const side = (name: string, load: HttpLoad, program: { pid: number }, database: BenchDatabase): Side => ({
  name,
  async run(milliseconds) {
    const cpu = () => cpuTimeOf(program.pid) + cpuTimeOfPostgres(database.pid);
    const before = cpu();
    const { answers } = await load.run(milliseconds);
    return { operations: answers, cpu: cpu() - before };
  },
});

export const row: Row = {
  title: 'Reading an order',
  async run() {
    await using database = await startDatabase();
    await using program = await startProgram(database, { CORS_ORIGINS: corsOrigin });
    await openShop(program);
    const customer = await customerOf(program);
    const { id } = await customer.placeOrder();
    const reading = customer.reading(id);
    const peer = (name: string, environment: Record<string, string> = {}) =>
      startProcess(`bench/peers/${name}.ts`, {
        environment: { DATABASE_URL: database.url, ...environment },
        logFile: join(database.folder, `${name}.log`),
        path: '/readyz',
      });
    await using bare = await peer('bare-express');
    await using usual = await peer('usual-stack', {
      ...(await tokenSettings(program.url, reading)),
      CORS_ORIGIN: corsOrigin,
    });
    const readingAt = (url: string) => ({ ...reading, url: `${url}/v1/orders/${id}` });
    await requireSameAnswer(reading, readingAt(usual.url));

    using toProgram = new HttpLoad([reading], connections);
    using toBare = new HttpLoad([readingAt(bare.url)], connections);
    using toUsual = new HttpLoad([readingAt(usual.url)], connections);
    const ours = side('Fissile', toProgram, program, database);
    const against = (name: string, load: HttpLoad, process: BenchProcess) =>
      compare(ours, side(name, load, process, database), { slices: 20, milliseconds: 700 });
    const toTheBare = await against('Express', toBare, bare);
    const toTheUsual = await against('the usual stack', toUsual, usual);
    const common = {
      ours: 'GET /v1/orders/{id}: token checked, access log and metrics on',
      load: `${connections} connections, the same order`,
    };
    return [
      {
        ...common,
        peer: 'the same query in a bare Express 5 handler, prepared likewise',
        measured: inWords(toTheBare),
        goal: '70 % of the rate',
        reached: toTheBare.rate >= 0.7,
      },
      {
        ...common,
        peer: 'the same query and answer behind helmet, cors, compression, express-rate-limit, express-jwt, morgan and prom-client',
        measured: inWords(toTheUsual),
        goal: 'more than its rate',
        reached: toTheUsual.rate > 1,
      },
    ];
  },
};

const inWords = ({ rate, ours, peer }: Comparison) =>
  `${(rate * 100).toFixed(0)} % of the rate (${ours.perSecond.toFixed(0)} against ${peer.perSecond.toFixed(0)} a second); CPU with PostgreSQL ${ours.cpu.toFixed(0)} against ${peer.cpu.toFixed(0)} µs`;

/** The keys and names with which a peer checks the program's tokens. */
async function tokenSettings(url: string, { headers }: HttpRequest): Promise<Record<string, string>> {
  const [key] = ((await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: object[] }).keys;
  const { iss, aud } = JSON.parse(
    Buffer.from(headers!.Authorization!.split('.')[1]!, 'base64url').toString(),
  ) as Record<string, string>;
  return { TOKEN_KEY: JSON.stringify(key), TOKEN_ISSUER: iss!, TOKEN_AUDIENCE: aud! };
}

async function requireSameAnswer(...requests: HttpRequest[]): Promise<void> {
  const answers = await Promise.all(
    requests.map(async ({ url, headers }) => await (await fetch(url, { headers: headers! })).json()),
  );
  deepEqual(answers[1], answers[0]);
}
