import { join } from 'node:path';
import { findModules } from '../../src/host/modules.ts';
import { compare, type Side } from '../compare.ts';
import { cpuTimeOf } from '../cpu-time.ts';
import { HttpLoad } from '../http-load.ts';
import { startNginx } from '../nginx.ts';
import { customerOf, openShop, programSettings } from '../program.ts';
import type { Row } from '../row.ts';
import { startDatabase, startProcess } from '../server.ts';

const connections = 16;
const modules = await findModules();

/** `cpuTime` is that of what stands in front, in microseconds; the service behind it is the same for both. */
const side = (name: string, load: HttpLoad, cpuTime: () => number): Side => ({
  name,
  async run(milliseconds) {
    const before = cpuTime();
    const { answers } = await load.run(milliseconds);
    return { operations: answers, cpu: cpuTime() - before };
  },
});

export const row: Row = {
  title: 'A request through the gateway',
  async run() {
    await using database = await startDatabase();
    const common = { ...programSettings, PEER_TLS: 'off' };
    await using service = await startProcess('src/start.js', {
      environment: {
        ...common,
        DATABASE_URL: database.url,
        MODULES: modules.join(','),
        TRUST_PROXY: '1',
        RATE_LIMIT_PER_MINUTE: '0',
      },
      logFile: join(database.folder, 'service.log'),
      path: '/readyz',
    });
    await using nginx = await startNginx(database.folder, service.url);
    if (nginx === undefined) return 'nginx is not installed (on Debian it is a package of that name)';
    await using gateway = await startProcess('src/start.js', {
      environment: {
        ...common,
        MODULES: 'gateway',
        JWKS_URL: `${service.url}/.well-known/jwks.json`,
        ...Object.fromEntries(modules.map((module) => [`${module.toUpperCase()}_HTTP_URL`, service.url])),
      },
      logFile: join(database.folder, 'gateway.log'),
      path: '/readyz',
    });
    await openShop(gateway);
    const customer = await customerOf(gateway);
    const { id } = await customer.placeOrder();
    const reading = customer.reading(id);
    using throughGateway = new HttpLoad([reading], connections);
    using throughNginx = new HttpLoad([{ ...reading, url: reading.url.replace(gateway.url, nginx.url) }], connections);

    const { rate, ours, peer } = await compare(
      side('Fissile', throughGateway, () => cpuTimeOf(gateway.pid)),
      side('nginx', throughNginx, nginx.cpuTime),
      { slices: 20, milliseconds: 700 },
    );
    return [
      {
        ours: 'GET /v1/orders/{id} through MODULES=gateway: token checked, request counted, access log and metrics on',
        peer: 'the same request through nginx as a reverse proxy with an access log, one worker, before the same service',
        load: `${connections} connections, the same order`,
        measured: `${(ours.cpu - peer.cpu).toFixed(0)} µs more CPU a request (${ours.cpu.toFixed(0)} against ${peer.cpu.toFixed(0)} µs); ${(rate * 100).toFixed(0)} % of the rate (${ours.perSecond.toFixed(0)} against ${peer.perSecond.toFixed(0)} a second)`,
      },
    ];
  },
};
