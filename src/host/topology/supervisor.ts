// ADR 0044
/** All processes of a topology: started together, kept running, and stopped in order. */
import type { Instance } from './instances.ts';
import { SupervisedProcess, type ProcessOptions } from './supervised-process.ts';
import type { Report } from './supervised.ts';

export interface SupervisorOptions extends ProcessOptions {
  /** Milliseconds each process has to finish what is under way. */
  readonly stopTimeout: number;
}

export class Supervisor {
  readonly #processes: readonly SupervisedProcess[];
  readonly #options: SupervisorOptions;
  #stopping: Promise<void> | undefined;

  constructor(instances: readonly Instance[], options: SupervisorOptions) {
    this.#options = options;
    this.#processes = instances.map((instance) => new SupervisedProcess(instance, options));
  }

  /** Resolves with the gateway's report when all are ready; rejects with the words of the first that refused. */
  async start(): Promise<Report> {
    const starts = this.#processes.map(async (each) => ({ report: await each.start(), ...each.instance }));
    return (await Promise.all(starts)).find(({ isGateway }) => isGateway)!.report;
  }

  /** The gateway first, so that nothing new comes in; then what works behind it. None of them runs afterwards. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stopInOrder());
  }

  async #stopInOrder(): Promise<void> {
    for (const front of [true, false]) {
      await Promise.all(
        this.#processes.filter(({ instance }) => instance.isGateway === front).map((each) => this.#end(each)),
      );
    }
  }

  async #end(each: SupervisedProcess): Promise<void> {
    const { log, stopTimeout } = this.#options;
    if (!(await each.stop(stopTimeout)))
      log.entry(each.instance.name, 'warn', 'Did not end when it was asked to, and was killed.');
  }
}
