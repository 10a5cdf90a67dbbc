import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { embeddedServers } from '../../../tests/support/embedded-servers.ts';
import { openCluster } from '../postgres/cluster.ts';
import { startServer, stopServer } from '../postgres/server-process.ts';
import { command } from './backup.ts';

const { newFolder, usedFolder } = embeddedServers();

it('a server that an older program has started, which keeps too little of its log, is refused in one line', async () => {
  const [DATA_DIR, file] = [usedFolder(), `${newFolder()}.tar.gz`];
  const cluster = await openCluster(DATA_DIR, () => {});
  const settings = {
    wal_level: 'minimal',
    max_wal_senders: 0,
    unix_socket_directories: '.',
    listen_addresses: '',
    port: 5432,
  };
  const { pid } = await startServer(cluster, { settings, logFile: join(DATA_DIR, 'postgres.log') });
  try {
    await expect(command.run({ environment: { DATA_DIR } }, file)).rejects.toMatchObject({
      name: 'StartupError',
      message:
        'The running program is an older version, which cannot be backed up while it runs. Stop it, or start this version in its place.',
    });
    expect(existsSync(file)).toBe(false);
  } finally {
    await stopServer(cluster, pid);
  }
});
