/**
 * Runs the acceptance suite, the same files, on every way to group the modules into processes behind a gateway, and
 * shows that no module's source differs: `npm run test:topologies`. Two topologies at a time; what is measured is
 * measured while the other one is idle.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { brokers } from '../support/brokers.ts';
import { administrator, paymentTimeout, temporaryFolder } from '../support/running-program.ts';
import { partitions, processesOf, residentMemory, startTopology, writeTopology } from '../support/topologies.ts';
import { orderLatencies, quantile } from './order-latencies.ts';
import { runAcceptance, type AcceptanceReport } from './run-acceptance.ts';

const atOnce = 2;
const folder = join(import.meta.dirname, '../../modules');
const help = `Runs the acceptance suite on every way to group the modules into processes. Minutes; needs RabbitMQ
(TEST_EVENTS_URL), or what Kafka runs with: java, and its jars (npm run kafka -- --fetch).

Usage: npm run test:topologies [-- options]

  --events BROKER         the broker between the processes, rabbitmq (the default) or kafka
  --few                   only each module in a process of its own, and two processes with several
  --outputFile.json FILE  write a report as vitest's JSON reporter does
  --help, -h              show this

Exit codes: 0 all passed, or skipped without the broker; 1 something failed; 2 wrong usage.
`;

interface Outcome {
  readonly name: string;
  readonly report: AcceptanceReport;
  readonly digests: ReadonlyMap<string, string>;
}

const { values } = parseArgs({
  strict: false,
  // As vitest is called.
  options: {
    'outputFile.json': { type: 'string' },
    reporter: { type: 'string', multiple: true },
    events: { type: 'string', default: 'rabbitmq' },
    few: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  process.stdout.write(help);
  process.exit();
}
const brokerKind = brokers[values.events as keyof typeof brokers];
if (brokerKind === undefined) {
  process.stderr.write(`--events is ${Object.keys(brokers).join(' or ')}.\n`);
  process.exit(2);
}
const missing = await brokerKind.missing();
if (missing !== undefined) {
  console.log(`Skipped: this ${missing}`);
  process.exit(0);
}

const modules = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();
const every = partitions(modules).toSorted((one, other) => one.length - other.length);
const isOfTwo = (groups: string[][]) => groups.length === 2 && groups.every((group) => group.length > 1);
const groupings = values.few ? [every.find(isOfTwo)!, every.at(-1)!] : every;
const width = Math.max(...groupings.map((groups) => nameOf(groups).length));
console.log(`${'processes behind the gateway'.padEnd(width)}   passed    start   memory   order paid: median      p99`);
const begun = performance.now();
const outcomes: Outcome[] = [];
for (let next = 0; next < groupings.length; next += atOnce) {
  outcomes.push(...(await runBatch(groupings.slice(next, next + atOnce))));
}
console.log(`${groupings.length} topologies in ${Math.round((performance.now() - begun) / 1000)} s.`);

const failed = outcomes.filter(({ report }) => !report.success).map(({ name }) => name);
const changed = modules.filter((module) => new Set(outcomes.map(({ digests }) => digests.get(module))).size !== 1);
console.log(`\nsha256 of each module's source, in all ${outcomes.length} topologies:`);
for (const module of modules) {
  console.log(
    `${outcomes[0]!.digests.get(module)}  modules/${module}${changed.includes(module) ? '  CHANGED in between' : ''}`,
  );
}
if (failed.length > 0) console.log(`\nFailed: ${failed.join(', ')}`);
writeReport(values['outputFile.json'] as string | undefined);
process.exit(failed.length + changed.length > 0 ? 1 : 0);

async function runBatch(batch: readonly string[][][]): Promise<Outcome[]> {
  const running = await Promise.all(batch.map(started));
  try {
    const tested = await Promise.all(
      running.map(async (each) => ({ ...each, report: await runAcceptance(each.program.url, each.folder) })),
    );
    const all: Outcome[] = [];
    for (const { name, program, report, digests } of tested) {
      const latencies = await orderLatencies(program.url, administrator);
      const memory = processesOf(program.process.pid!).reduce((sum, { pid }) => sum + residentMemory(pid), 0);
      const cells = [
        `${report.numPassedTests}/${report.numTotalTests}`.padStart(8),
        `${(program.startedIn / 1000).toFixed(1)} s`.padStart(8),
        `${Math.round(memory / 2 ** 20)} MB`.padStart(8),
        `${quantile(latencies, 0.5).toFixed(1)} ms`.padStart(20),
        `${quantile(latencies, 0.99).toFixed(1)} ms`.padStart(8),
      ];
      console.log(`${name.padEnd(width)} ${cells.join(' ')}`);
      for (const failure of report.failures) console.log(`    ${failure.replaceAll('\n', '\n    ')}`);
      if (report.failures.length > 0)
        console.log(
          program
            .output()
            .split('\n')
            .slice(-40)
            .map((line) => `    | ${line}`)
            .join('\n'),
        );
      all.push({ name, report, digests });
    }
    return all;
  } finally {
    await Promise.all(running.map((each) => each.stop()));
  }
}

async function started(groups: string[][]) {
  const home = await temporaryFolder('fissile-topologies-');
  const broker = await brokerKind.open();
  const remove = async () => {
    await broker.remove();
    await home.remove();
  };
  try {
    const file = join(home.path, 'topology.yaml');
    await writeTopology(
      file,
      groups.map((group) => ({ name: group.join('-'), modules: group })),
    );
    const digests = new Map(modules.map((module) => [module, digestOf(join(folder, module))]));
    const program = await startTopology(file, {
      DATA_DIR: join(home.path, 'data'),
      EVENTS_URL: broker.url,
      PAYMENT_TIMEOUT: paymentTimeout,
    });
    const stop = async () => {
      await program.stop();
      await remove();
    };
    return { name: nameOf(groups), program, digests, folder: home.path, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

function nameOf(groups: readonly string[][]): string {
  return groups.map((group) => group.join('+')).join(' | ');
}

/** A digest of the names and contents of all files except those generated from the schema at installation. */
function digestOf(module: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(module, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()) {
    if (name.includes('/generated/')) continue;
    hash
      .update(`${name.slice(module.length)}\0`)
      .update(readFileSync(name))
      .update('\0');
  }
  return hash.digest('hex');
}

/** One for all topologies, in the form that vitest's have. */
function writeReport(file: string | undefined): void {
  if (file === undefined) return;
  const tested = outcomes.flatMap(({ name, report }) =>
    report.testResults.map((result) => ({
      ...result,
      assertionResults: result.assertionResults.map((each) => ({ ...each, fullName: `${each.fullName} (${name})` })),
    })),
  );
  const sources = changed.map((module) => ({
    name: join(folder, module),
    status: 'failed',
    message: 'Its source changed in between.',
    assertionResults: [],
  }));
  writeFileSync(file, JSON.stringify({ testResults: [...tested, ...sources] }));
}
