import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageFolder } from './parts.ts';
import { StopBuild } from './stop-build.ts';
import type { Target } from './targets.ts';

/** Where its own sources are, in every Node that was released. */
const release = /\/release\/v((\d+)\.\d+\.\d+)\//;

/**
 * The target's Node: `given`, or what npm has. Its contents are prepared by the Node that runs this, and each major
 * version has its own form.
 */
export function nodeProgram(root: string, target: Target, given?: string): string {
  const file =
    given === undefined ? join(packageFolder(root, target.node.package), target.node.program) : resolve(given);
  const program = contentOf(file);
  const [, version, major] = release.exec(program.toString('latin1')) ?? [];
  const what = given === undefined ? `--target ${target.name}: what npm has` : `--node ${file}`;
  if (!target.format.test(program.toString('hex', 0, 20)) || version === undefined)
    throw new StopBuild(`${what} is not a Node for ${target.name}.`);
  const [ours] = process.versions.node.split('.');
  if (major !== ours) {
    throw new StopBuild(
      `${what} is Node ${version}, and this Node ${process.versions.node} prepares files for Node ${ours} only. Bring one from https://nodejs.org/dist/ and name it with --node.`,
    );
  }
  return file;
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new StopBuild(`--node ${file}: ${(error as Error).message}`);
  }
}
