/** A container without an engine: a folder with what the base of deploy/Dockerfile.single has, and a process that sees nothing else. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { emptyFolder } from './server.ts';

const dockerfile = readFileSync(join(import.meta.dirname, '../../deploy/Dockerfile.single'), 'utf8');

/** The image's variables, of the stage with the database too, and those its head says it must be given. */
export const imageEnvironment: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [...dockerfile.matchAll(/^ENV (.+)$/gm)].flatMap(([, line]) => line!.split(' ').map((each) => each.split('='))),
  ),
  AUTH_KEY_SECRET: 'k'.repeat(32),
  PAYMENT_PROVIDER: 'sandbox',
  SEED: 'demo',
};

/** The base's user. */
const nonroot = 65_532;
const home = '/home/nonroot';
/** Static, whatever the platform of the file. */
export const shellOfImage = '/bin/busybox';

export interface Image {
  readonly file: string;
  /** Where the C libraries of the file's platform are, by where they have to be; without it, those that it loads here. */
  readonly libraries?: readonly (readonly [from: string, to: string])[];
  /** With a shell, as the stage with-database has it. */
  readonly shell?: boolean;
  readonly passwd?: string;
}

/** Unpacks what the image would hold; returns the folder. */
export function unpackedImage({ file, libraries = librariesOf(file), shell = false, passwd }: Image): string {
  const root = emptyFolder();
  const put = (from: string, to: string) => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(from, join(root, to));
  };
  for (const [from, to] of libraries) put(from, to);
  for (const folder of ['dev/shm', 'etc', 'proc', 'tmp', home]) mkdirSync(join(root, folder), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  chownSync(join(root, home), nonroot, nonroot);
  writeFileSync(join(root, 'etc/passwd'), passwd ?? `nonroot:x:${nonroot}:${nonroot}::${home}:/sbin/nologin\n`);
  for (const [name, minor] of [
    ['null', '3'],
    ['urandom', '9'],
  ] as const)
    execFileSync('mknod', ['-m', '666', join(root, 'dev', name), 'c', '1', minor]);
  symlinkSync('/proc/self/fd/0', join(root, 'dev/stdin'));
  if (shell) put(shellOfImage, '/bin/sh');
  put(file, '/fissile');
  chmodSync(join(root, 'fissile'), 0o755);
  return root;
}

/** PostgreSQL needs one more of the C library's files than the program does. */
function librariesOf(file: string): (readonly [string, string])[] {
  const loaded = execFileSync('ldd', [file], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  const clock = loaded.filter((name) => name.endsWith('/libc.so.6')).map((name) => join(dirname(name), 'librt.so.1'));
  return [...loaded, ...clock].map((name) => [name, name]);
}

/** How the image's program is run: as the only process there is, by a user without rights. To be given to `run`. */
export const inContainer = (root: string) => ({
  file: '/usr/bin/unshare',
  args: ['--mount', '--pid', '--fork', '--kill-child', '/bin/sh', '-c', enter, 'enter', root],
  // unshare itself waits, and takes no signals.
  signalsChild: true,
});

const enter = `
  mount -t proc proc "$1/proc" && mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm" && cd / &&
  exec chroot --userspec=${nonroot}:${nonroot} "$1" /fissile
`;
