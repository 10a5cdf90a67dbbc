/** `npm run kafka`: a cluster to develop and test against, until it is stopped. */
import { parseArgs } from 'node:util';
import { KafkaCluster } from './cluster.ts';
import { fetchJars, withoutKafka } from './jars.ts';

const help = `Runs Kafka on this machine until Ctrl-C, keeping nothing, and fetches its jars first with Maven where they are missing.

Usage: npm run kafka [-- options]

  --port PORT   where it listens, on loopback (default 9092)
  --nodes N     1 (the default) or 3; the others listen on free ports
  --fetch       only fetch the jars
  --help, -h    show this
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '9092' },
    nodes: { type: 'string', default: '1' },
    fetch: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});
const nodes = Number(values.nodes);
if (values.help) {
  process.stdout.write(help);
  process.exit();
}
if (nodes !== 1 && nodes !== 3) fail('--nodes is 1 or 3');
try {
  fetchJars();
} catch (error) {
  fail((error as Error).message);
}
if (!values.fetch) {
  const missing = withoutKafka();
  if (missing !== undefined) fail(`This ${missing}`);
  const cluster = await KafkaCluster.start({ nodes: nodes as 1 | 3, port: Number(values.port) });
  console.log(`Kafka is ready. For tests: TEST_KAFKA_URL=${cluster.url}. Stop it with Ctrl-C.`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void cluster.close().then(() => process.exit()));
}

function fail(reason: string): never {
  process.stderr.write(`${reason}.\n`);
  process.exit(1);
}
