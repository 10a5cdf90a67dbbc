import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { administrator } from '../support/running-program.ts';
import { runAcceptance } from '../topologies/run-acceptance.ts';
import { emptyFolder, ended, started } from './server.ts';

vi.setConfig({ testTimeout: 400_000 });

const broker = process.env.TEST_EVENTS_URL;
const needsBroker = process.env.REQUIRE_SERVICES ? false : broker === undefined;

async function passesAcceptance(url: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fissile-report-'));
  try {
    const { failures, numPassedTests, numPendingTests } = await runAcceptance(url, folder);
    expect(failures).toEqual([]);
    expect(numPassedTests).toBeGreaterThan(40);
    expect(numPendingTests).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the file', () => {
  it('passes the acceptance suite', async () => {
    const program = await started({ environment: { RATE_LIMIT_PER_MINUTE: '0' } });
    await passesAcceptance(program.url);
    expect(await program.stop()).toBe(0);
  });

  it.skipIf(needsBroker)(
    `runs split by a topology that it brings along${needsBroker ? ' (needs TEST_EVENTS_URL)' : ''}`,
    async () => {
      const program = await started({
        environment: { EVENTS_URL: broker!, ADMIN_PASSWORD: administrator.password },
        args: ['topology', 'topologies/split.yaml'],
      });
      await expect.poll(() => program.output(), { timeout: 60_000 }).toMatch(/Fissile is ready/);
      const { details } = (await (await fetch(`${program.url}/readyz`)).json()) as { details: Record<string, unknown> };
      expect(details).toMatchObject({ 'module orders': { ready: 2, processes: 2 }, 'module users': { ready: 1 } });
      expect((await fetch(`${program.url}/v1/products`)).status).toBe(200);
      expect(await program.stop()).toBe(0);
    },
  );

  it('runs one module only', async () => {
    const program = await started({ environment: { MODULES: 'auth', PEER_TLS: 'off' } });
    expect((await fetch(`${program.url}/v1/auth/login`, { method: 'POST' })).status).toBe(400);
    await program.stop();
  });

  it('says which topologies there are where the file is missing', async () => {
    const { output, code } = await ended({ folder: emptyFolder(), args: ['topology', 'topologies/mine.yaml'] });
    expect(output).toMatch(/^Fissile did not start: --topology topologies\/mine\.yaml: there is no such file\./);
    expect(code).toBe(1);
  });
});
