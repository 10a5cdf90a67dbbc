/** One process of a topology: started, started again when it dies, and stopped. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '#runtime/within.ts';
import { StartupError } from '../startup-error.ts';
import type { Instance } from './instances.ts';
import type { MergedLog } from './merged-log.ts';
import { refusal } from './refusal.ts';
import type { Report } from './supervised.ts';

/** Milliseconds until the first restart; each that follows a short life doubles it. */
const firstPause = 200;
const longestPause = 10_000;
/** A process that was ready for as long as this starts with a clean sheet. */
const longLife = 30_000;

export interface ProcessOptions {
  /** The command to run: a program and its first arguments. */
  readonly command: readonly [program: string, ...args: string[]];
  readonly log: MergedLog;
}

export class SupervisedProcess {
  readonly instance: Instance;
  readonly #options: ProcessOptions;
  #child: ChildProcess | undefined;
  /** Resolves when the current child ends; never rejects. */
  #ended: Promise<string> = Promise.resolve('');
  #stopping = new AbortController();

  constructor(instance: Instance, options: ProcessOptions) {
    this.instance = instance;
    this.#options = options;
  }

  /** Resolves with its report when it is ready for the first time; rejects when it ends before, and leaves it at that. */
  async start(): Promise<Report> {
    const report = await this.#run();
    void this.#keepRunning();
    return report;
  }

  /** Asks it to finish and to end; what is left after `timeout` milliseconds is killed. True if it ended by itself. */
  async stop(timeout: number): Promise<boolean> {
    this.#stopping.abort();
    const child = this.#child;
    if (!child || !isRunning(child)) return true;
    child.kill('SIGTERM');
    if (
      await within(
        timeout,
        this.#ended.then(() => true),
        () => false,
      )
    )
      return true;
    child.kill('SIGKILL');
    await this.#ended;
    return false;
  }

  async #keepRunning(): Promise<void> {
    const { log } = this.#options;
    const { name } = this.instance;
    let pause = firstPause;
    let readySince = performance.now();
    for (;;) {
      let reason = await this.#ended;
      if (performance.now() - readySince > longLife) pause = firstPause;
      for (let ready = false; !ready; pause = Math.min(2 * pause, longestPause)) {
        if (this.#stopping.signal.aborted) return;
        log.entry(name, 'error', `${reason} It is started again in ${pause / 1000} s.`);
        await sleep(pause, undefined, { signal: this.#stopping.signal }).catch(() => {});
        if (this.#stopping.signal.aborted) return;
        const begun = performance.now();
        try {
          await this.#run();
          ready = true;
          readySince = performance.now();
          log.entry(name, 'info', `Ready again after ${((readySince - begun) / 1000).toFixed(1)} s.`);
        } catch (error) {
          reason = `${(error as Error).message}`;
        }
      }
    }
  }

  /** Resolves when it is ready; rejects when it ends before. */
  async #run(): Promise<Report> {
    const {
      command: [program, ...args],
      log,
    } = this.#options;
    const { name, environment } = this.instance;
    // A process group of its own: the terminal's Ctrl-C is for the supervisor, which stops all in order.
    const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true });
    this.#child = child;
    const said = refusal();
    createInterface(child.stdout!).on('line', (line) => log.line(name, line));
    createInterface(child.stderr!).on('line', (line) => {
      if (!said.heard(line)) log.say(name, line);
    });
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(`${name} could not be started: ${error.message}.`));
      // All it had to say was read by then.
      child.once('close', (code, signal) =>
        resolve(
          said.text ? `${name}: ${said.text}` : `${name} ended ${signal ? `by ${signal}` : `with exit code ${code}`}.`,
        ),
      );
    });
    const ready = new Promise<Report>((resolve) => child.once('message', (report) => resolve(report as Report)));
    const report = await Promise.race([ready, this.#ended.then((reason) => new StartupError(reason))]);
    if (report instanceof StartupError) throw report;
    return report;
  }
}

const isRunning = (child: ChildProcess) =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;
