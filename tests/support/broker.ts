/** A part of the message broker for one topology: a virtual host of its own, so that nobody else's events get in. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
const rabbitmqctl = (...args: string[]) => run('rabbitmqctl', ['--quiet', ...args], { timeout: 60_000 });

const { TEST_EVENTS_URL, REQUIRE_SERVICES } = process.env;

/** Why there can be none; undefined if there can. */
export async function withoutBroker(): Promise<string | undefined> {
  const reason =
    TEST_EVENTS_URL === undefined ? 'needs RabbitMQ: set TEST_EVENTS_URL to amqp://...' : await withoutControl();
  if (reason !== undefined && REQUIRE_SERVICES === '1') throw new Error(`A test ${reason}`);
  return reason;
}

async function withoutControl(): Promise<string | undefined> {
  const reason = 'needs rabbitmqctl for the broker of TEST_EVENTS_URL, on this machine and with the rights to use it';
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(new URL(TEST_EVENTS_URL!).hostname)) return reason;
  return rabbitmqctl('list_vhosts').then(
    () => undefined,
    () => reason,
  );
}

export interface VirtualHost {
  readonly url: string;
  remove(): Promise<void>;
}

export async function virtualHost(): Promise<VirtualHost> {
  const name = `test-${randomUUID()}`;
  const url = new URL(TEST_EVENTS_URL!);
  await rabbitmqctl('add_vhost', name);
  await rabbitmqctl('set_permissions', '-p', name, decodeURIComponent(url.username) || 'guest', '.*', '.*', '.*');
  url.pathname = `/${name}`;
  return { url: url.href, remove: async () => void (await rabbitmqctl('delete_vhost', name)) };
}

/** Has the broker make what a file of definitions says. */
export async function importDefinitions(file: string): Promise<void> {
  const importing = run('rabbitmqctl', ['--quiet', 'import_definitions'], { timeout: 60_000 });
  createReadStream(file).pipe(importing.child.stdin!);
  await importing;
}

export const deleteUser = async (name: string): Promise<void> => void (await rabbitmqctl('delete_user', name));

/** Away and back again, with all that was stored in it. */
export async function restartBroker(awayFor: number): Promise<void> {
  await rabbitmqctl('stop_app');
  await new Promise((resolve) => setTimeout(resolve, awayFor));
  await rabbitmqctl('start_app');
}
