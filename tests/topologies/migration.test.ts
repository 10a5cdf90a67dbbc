/** The commands of docs/from-one-process-to-many.md, run in their order, as somebody would who reads it. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { virtualHost, withoutBroker } from '../support/broker.ts';
import { administrator, freePorts, start, temporaryFolder, type RunningProgram } from '../support/running-program.ts';
import { startTopology } from '../support/topologies.ts';

const missing = await withoutBroker();
const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/from-one-process-to-many.md'), 'utf8');
const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!.trim());
const startedBy = /^npm start(?: -- --topology (topologies\/\S+))?$/;

describe.skipIf(missing)(`from one process to many, and back${missing === undefined ? '' : ` (${missing})`}`, () => {
  const closers: (() => Promise<unknown>)[] = [];
  let folder: string;
  let port: number;
  let environment: Record<string, string>;
  let program: RunningProgram | undefined;
  let shell: Shell;

  beforeAll(async () => {
    const home = await temporaryFolder('fissile-migration-');
    closers.push(home.remove);
    const broker = await virtualHost();
    closers.push(broker.remove);
    folder = home.path;
    environment = { DATA_DIR: join(folder, 'data'), EVENTS_URL: broker.url, ADMIN_PASSWORD: administrator.password };
    // The reader's ports may be taken here.
    port = await freePorts(100);
    mkdirSync(join(folder, 'topologies'));
    mkdirSync(join(folder, 'data'));
    for (const name of readdirSync(join(root, 'topologies'))) {
      writeFileSync(join(folder, 'topologies', name), withPortsFrom(port, readFileSync(join(root, 'topologies', name), 'utf8')));
    }
    shell = new Shell(folder, environment);
    closers.push(() => shell.end());
    closers.push(async () => program?.stop());
  });
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  it.each(blocks.map((block, index) => [`${index + 1}: ${block.split('\n', 1)[0]}`, block]))('step %s', async (_, block) => {
    const starts = startedBy.exec(block);
    if (starts) {
      expect(await program?.stop('SIGINT'), 'Ctrl-C before').toBe(program && 0);
      const [, file] = starts;
      program = file ? await startTopology(join(folder, file), environment) : await start({ ...environment, EVENTS_URL: '', PORT: String(port) });
      expect(program.url).toBe(`http://127.0.0.1:${port}`);
      return;
    }
    const { code, output } = await shell.run(block.replace('127.0.0.1:3000', `127.0.0.1:${port}`).replace('tcp:3030', `tcp:${port + 30}`));
    expect(code, output).toBe(0);
  });

  it('is a story with a start, two splits and a way back', () => {
    expect(blocks.filter((block) => startedBy.test(block))).toEqual([
      'npm start',
      ...['checkout-apart', 'split', 'monolith'].map((name) => `npm start -- --topology topologies/${name}.yaml`),
    ]);
  });
});

/** The shipped files use 3000 to 3049 and 5000 to 5049. */
const withPortsFrom = (first: number, text: string) =>
  text
    .replace(/\bport: 30(\d\d)/g, (_, rest) => `port: ${first + Number(rest)}`)
    .replace(/\bgrpcPort: 50(\d\d)/g, (_, rest) => `grpcPort: ${first + 50 + Number(rest)}`);

/** The reader's second terminal: what one command sets, the next one finds. */
class Shell {
  readonly #child;
  readonly #lines: NodeJS.AsyncIterator<string>;

  constructor(folder: string, environment: Record<string, string>) {
    this.#child = spawn('bash', [], {
      cwd: folder,
      env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    const program = JSON.stringify(join(root, 'src/start.js'));
    // As package.json has it, but from any folder.
    this.#child.stdin.write(`npm() { case "$1" in start) shift 2;; run) shift; [ "$2" = -- ] && set -- "$1" "\${@:3}";; esac; "${process.execPath}" ${program} "$@"; }\n`);
  }

  /** Every line has to succeed; the output of the first that does not is the last. */
  async run(block: string): Promise<{ code: number; output: string }> {
    const end = `end-of-block-${Math.random()}`;
    this.#child.stdin.write(`if true; then set -E; trap 'failed=$?' ERR; failed=0\n${block}\nfi 2>&1; echo; echo "${end} $failed"\n`);
    const lines: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`The shell ended:\n${lines.join('\n')}`);
      if (value.startsWith(end)) return { code: Number(value.slice(end.length)), output: lines.join('\n') };
      lines.push(value);
    }
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await new Promise((resolve) => this.#child.once('close', resolve));
  }
}
