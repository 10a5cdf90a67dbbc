import { expect, it, onTestFinished } from 'vitest';
import { startTestProgram } from './support/program.ts';

it('/readyz and /metrics tell by how much the clock of this machine differs from that of each database', async () => {
  const program = await startTestProgram();
  onTestFinished(() => program.stop());
  const { details } = (await (await fetch(`${program.url}/readyz`)).json()) as {
    details: Record<string, { secondsAhead: number }>;
  };
  expect(Math.abs(details['clock of the database of orders']!.secondsAhead)).toBeLessThan(60);
  const metrics = await (await fetch(`${program.url}/metrics`)).text();
  expect(metrics).toMatch(/^fissile_database_clock_difference_seconds\{fissile_module="orders"\} -?[\d.]+$/m);
});
