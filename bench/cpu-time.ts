import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

const inMicroseconds = (ticks: number) => (ticks / ticksPerSecond) * 1_000_000;

/** The fields of Linux's process status, from the third on. */
const statusOf = (pid: number | string) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');

const sum = (fields: readonly string[], from: number, to: number) =>
  fields.slice(from, to).reduce((total, field) => total + Number(field), 0);

/** CPU time that a process has used so far, in microseconds; on Linux, in steps of a clock tick. */
export const cpuTimeOf = (pid: number): number => inMicroseconds(sum(statusOf(pid), 11, 13));

/** CPU time that a PostgreSQL server has used so far: its first process, those it has started and those that have ended. */
export function cpuTimeOfPostgres(pid: number): number {
  const children = childrenOf(pid).map(unlessEnded);
  return children.reduce((total, time) => total + time, inMicroseconds(sum(statusOf(pid), 11, 15)));
}

/** 0 for a process that has ended meanwhile: its time is its parent's by then. */
function unlessEnded(pid: number): number {
  try {
    return cpuTimeOf(pid);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}

export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

/** CPU time of this process, in microseconds. */
export function ownCpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
