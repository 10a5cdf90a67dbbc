import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../../tests/support/postgres.ts';
import { Opened } from '../opened.ts';
import { renewedCertificates } from './renewed-certificates.ts';
import type { Topology } from './topology.ts';

let dataDir: string;
let opened: Opened;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'fissile-renewed-'));
  opened = new Opened(silentLogger);
});
afterEach(async () => {
  await opened.closeAll();
  rmSync(dataDir, { recursive: true, force: true });
});

const processNamed = (name: string) => ({ name, modules: [name], replicas: 1, port: 1, grpcPort: 2 });
const apart: Topology = {
  eventsUrl: 'amqp://x',
  databaseNameOf: String,
  processes: ['shop', 'library'].map(processNamed),
};
const certificates = (topology: Topology, environment: Record<string, string> = {}, lifetime = 60_000) =>
  renewedCertificates({ topology, environment, dataDir, lifetime, onError: () => {} }, opened);

describe('the certificates of a topology', () => {
  it('are one for each process, under DATA_DIR', async () => {
    const issued = (await certificates(apart))!;
    expect([...issued.keys()]).toEqual(['shop', 'library']);
    expect(new X509Certificate(readFileSync(issued.get('shop')!.cert)).subjectAltName).toBe('DNS:shop');
    expect(issued.get('shop')!.cert).toBe(join(dataDir, 'certificates', 'shop.pem'));
  });

  it('are renewed before they end, until the topology is stopped', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const lifetime = 60_000;
    const { cert } = (await certificates(apart, {}, lifetime))!.get('shop')!;
    const first = readFileSync(cert, 'utf8');
    vi.advanceTimersByTime(lifetime / 2);
    await expect.poll(() => readFileSync(cert, 'utf8')).not.toBe(first);
    await opened.closeAll();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['there is one process only', { ...apart, processes: apart.processes.slice(0, 1) }, {}],
    ['the environment gives them', apart, { PEER_TLS_CERT: 'mine.pem' }],
    ['they are not wanted', apart, { PEER_TLS: 'off' }],
  ])('are not made where %s', async (_, topology, environment) => {
    expect(await certificates(topology, environment)).toBeUndefined();
    expect(existsSync(join(dataDir, 'certificates'))).toBe(false);
  });
});
