/** A reader of the documentation, who types the commands of a page in their order. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');

export interface Block {
  readonly commands: string;
  /** Its place and first line, for the title of a test. */
  readonly title: string;
  /** Why it cannot run: a block that is tagged ```sh needs=docker runs where TEST_DOCKER is set. */
  readonly missing: string | undefined;
}

/** The blocks of shell commands of a page, by its path from the root of the repository. */
export function blocksOf(page: string): Block[] {
  const blocks = [...readFileSync(join(root, page), 'utf8').matchAll(/^```sh(?: needs=(\S+))?\n([^]*?)^```$/gm)];
  return blocks.map(([, needed, commands], index) => {
    const variable = needed && `TEST_${needed.toUpperCase()}`;
    return {
      commands: commands!,
      title: `${index + 1}: ${commands!.split('\n', 1)[0]}`,
      missing: variable && process.env[variable] === undefined ? `needs ${needed}: set ${variable}` : undefined,
    };
  });
}

/**
 * Packages are installed already. A program that is started goes on in the background, as in a terminal of its own,
 * until the next one is started: Ctrl-C is typed before.
 */
const prelude = `
started=
stop() {
  if [ -n "$started" ] && kill "$started"; then while kill -0 "$started"; do sleep 0.1; done; fi
  started=
}
npm() {
  case "$*" in
    install) ;;
    start | 'start -- --topology '*)
      stop 2> /dev/null
      : > started.log
      command npm "$@" > started.log 2>&1 & started=$!
      until grep -q 'Ctrl-C' started.log; do
        kill -0 "$started" 2> /dev/null || { cat started.log; return 1; }
        sleep 0.1
      done ;;
    *) command npm "$@" ;;
  esac
}
trap 'stop 2> /dev/null' EXIT
`;

/** A shell in a folder of its own: what one command sets, the next one finds. */
export class Reader {
  readonly #child;
  readonly #lines: NodeJS.AsyncIterator<string>;
  readonly #replaced: readonly (readonly [string, string])[];

  /** In the commands each first text of `replaced` becomes the second, such as the reader's port a free one. */
  constructor(
    folder: string,
    environment: Readonly<Record<string, string>>,
    replaced: readonly (readonly [string, string])[] = [],
  ) {
    this.#replaced = replaced;
    this.#child = spawn('bash', ['--norc'], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        NODE_NO_WARNINGS: '1',
        npm_config_update_notifier: 'false',
        ...environment,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    this.#child.stdin.write(prelude);
  }

  /** Types a block. Every line has to succeed: `failed` is the status of the last that did not, or 0. */
  async type(block: string): Promise<{ readonly failed: number; readonly output: string }> {
    const commands = this.#replaced.reduce((text, [from, to]) => text.replaceAll(from, to), block);
    const end = `end-of-block-${Math.random()}`;
    this.#child.stdin.write(
      `if true; then set -E; trap 'failed=$?' ERR; failed=0\n${commands}\nfi 2>&1; echo; echo "${end} $failed"\n`,
    );
    const lines: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`The shell ended:\n${lines.join('\n')}`);
      if (value.startsWith(end)) return { failed: Number(value.slice(end.length)), output: lines.join('\n').trim() };
      lines.push(value);
    }
  }

  /** Types Ctrl-D, and Ctrl-C where something still runs. */
  async leave(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin.end();
    await gone;
  }
}
