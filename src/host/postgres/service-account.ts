import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartupError } from '../startup-error.ts';

/** The operating system's user that PostgreSQL runs as. */
export interface ServiceAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const usable = ['postgres', 'fissile'];

/**
 * PostgreSQL refuses to run as root. Started as root, such as in a container, the program runs it as the user
 * `postgres` or `fissile`, which it creates when there is neither. Undefined when we are not root.
 */
export function serviceAccount(): ServiceAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const found = findAccount();
  if (found) return found;
  const created = spawnSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'fissile'], {
    timeout: 10_000,
  });
  const account = created.status === 0 ? findAccount() : undefined;
  if (!account) {
    throw new StartupError(
      'PostgreSQL cannot run as root, and a user "fissile" for it could not be created. Start the program as another user, or set DATABASE_URL.',
    );
  }
  return account;
}

function findAccount(): ServiceAccount | undefined {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of usable) {
    const [, , uid, gid] = users.find(([user]) => user === name) ?? [];
    if (uid !== undefined && gid !== undefined && uid !== '0') return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** Can the account get to what lies in `folder`? Every folder on the way must let it pass. */
export function canEnter(account: ServiceAccount, folder: string): boolean {
  const { mode, uid, gid } = statSync(folder);
  const pass = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  return (mode & pass) !== 0 && (dirname(folder) === folder || canEnter(account, dirname(folder)));
}
