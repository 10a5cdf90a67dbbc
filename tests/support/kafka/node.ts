import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { classPath } from './jars.ts';

export const logging = `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'log4j2.xml')}`;
const small = ['-Xmx160m', '-Xms96m', '-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const patience = 120_000;

/** One process of Kafka, broker and controller at once, with its data in a folder of its own. */
export class KafkaNode {
  readonly id: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();

  constructor(id: number, folder: string) {
    this.id = id;
    this.#folder = folder;
  }

  /** Prepares the storage of a node that has not run before. */
  async format(
    clusterId: string,
    settings: Readonly<Record<string, string>>,
    scramUsers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const properties = { ...settings, 'log.dirs': join(this.#folder, 'data') };
    await writeFile(
      this.#properties,
      Object.entries(properties)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    const users = Object.entries(scramUsers).flatMap(([name, password]) => [
      '--add-scram',
      `SCRAM-SHA-512=[name=${name},password=${password}]`,
    ]);
    const args = ['format', `--cluster-id=${clusterId}`, '-c', this.#properties, ...users];
    await promisify(execFile)('java', this.#java('kafka.tools.StorageTool', ...args));
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** Starts the process; `untilReady` waits for it. A cluster's nodes become ready together. */
  start(): void {
    if (this.running) return;
    // It writes there itself, so that what it says last is there once it has ended.
    const output = openSync(this.#log, 'w');
    const child = spawn('java', this.#java('kafka.Kafka', this.#properties), { stdio: ['ignore', output, output] });
    closeSync(output);
    // A test that ends early leaves no broker behind.
    const end = () => void child.kill('SIGKILL');
    process.once('exit', end);
    this.#process = child;
    this.#exited = new Promise((resolve) =>
      child.once('close', () => {
        process.off('exit', end);
        if (this.#process === child) this.#process = undefined;
        resolve(undefined);
      }),
    );
  }

  async untilReady(): Promise<void> {
    for (const deadline = Date.now() + patience; Date.now() < deadline; await delay(50)) {
      if (this.log().includes('Kafka Server started')) return;
      if (!this.running) throw new Error(`Node ${this.id} of Kafka ended:\n${this.log()}`);
    }
    throw new Error(`Node ${this.id} of Kafka is not ready after ${patience} ms:\n${this.log()}`);
  }

  /** Its output since it was started. */
  log(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8') : '';
  }

  /** As a power failure ends it: no leader is handed over. */
  kill(): Promise<unknown> {
    return this.#end('SIGKILL');
  }

  /** In order: it hands over what it leads first. */
  stop(): Promise<unknown> {
    return this.#end('SIGTERM');
  }

  /** Hangs it, with its connections open. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  continue(): void {
    this.#process?.kill('SIGCONT');
  }

  async restart(): Promise<void> {
    this.start();
    await this.untilReady();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.continue();
    this.#process?.kill(signal);
    await this.#exited;
  }

  get #properties(): string {
    return join(this.#folder, 'server.properties');
  }

  get #log(): string {
    return join(this.#folder, 'output.log');
  }

  #java(program: string, ...args: string[]): string[] {
    return [...small, logging, '-cp', classPath, program, ...args];
  }
}
