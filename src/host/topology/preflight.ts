/** Checks for what would keep a topology from starting, before anything is created. */
import { connect, createServer } from 'node:net';
import { brokerOf } from '../brokers.ts';
import { StartupError } from '../startup-error.ts';
import type { Topology } from './topology.ts';

const brokerTimeout = 5_000;
const anyHost = '127.0.0.1';

/** Throws one line for the first port that is taken. */
export async function checkPorts({ processes }: Topology): Promise<void> {
  for (const { name, port, grpcPort, replicas } of processes) {
    for (const [setting, first] of [
      ['port', port],
      ['grpcPort', grpcPort],
    ] as const) {
      if (first === undefined) continue;
      for (let each = first; each < first + replicas; each++) {
        if (!(await isFree(each)))
          throw new StartupError(
            `Port ${each}, the ${setting} of ${name}, is taken. Stop what uses it, or choose another in the topology's file.`,
          );
      }
    }
  }
}

/** Throws one line when nobody listens where the broker should be. */
export async function checkBroker(url: string): Promise<void> {
  const { kind, brokers, name, trial } = brokerOf(url);
  const answering = await Promise.all(brokers.map(answers));
  if (answering.includes(true)) return;
  throw new StartupError(
    `EVENTS_URL: no broker answers at ${name}, and processes that run apart need one. Start ${kind} there (${trial}), or say with EVENTS_URL where it is.`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen(port, anyHost, () => probe.close(() => resolve(true)));
  });
}

function answers(target: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...target, timeout: brokerTimeout });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once('connect', () => done(true))
      .once('error', () => done(false))
      .once('timeout', () => done(false));
  });
}
