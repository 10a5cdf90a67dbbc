import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from './parts.ts';
import { StopBuild } from './stop-build.ts';
import type { Target } from './targets.ts';

/** The target's Node. What goes into it is prepared by the Node that runs this, and each major version has its own form. */
export function nodeProgram(root: string, { name, node }: Target): string {
  const folder = packageFolder(root, node.package);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const [theirs, ours] = [version, process.versions.node].map((each) => each.split('.')[0]);
  if (theirs !== ours) {
    throw new StopBuild(`--target ${name}: npm has Node ${version} for it, and this Node ${process.versions.node} prepares files for Node ${ours} only. Build it on such a machine.`);
  }
  return join(folder, node.program);
}
