import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../compare.ts';
import { generateTree, type GeneratedTree } from '../generated-tree.ts';
import { measureProgram, type Cost } from '../measured-program.ts';
import type { Result, Row } from '../row.ts';

const repository = join(import.meta.dirname, '../..');
const check = join(repository, 'architecture-tests/check/main.ts');
/** The rules that dependency-cruiser can express as well. The others read SQL, contracts and decisions. */
const shared = [
  'contracts-only',
  'layers',
  'platform-only',
  'src-names-no-module',
  'imports-resolve',
  'no-file-cycles',
  'packages',
];
const rounds = 3;

const ours = (root: string, rules: readonly string[]) =>
  measureProgram([check, '--root', root, '--format', 'json', ...rules.flatMap((rule) => ['--rule', rule])], root);

function peer(root: string): Promise<Cost> {
  const program = join(repository, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(import.meta.dirname, '../peers/dependency-cruiser.cjs');
  return measureProgram([program, '--config', config, '--output-type', 'json', 'src', 'modules'], root);
}

/** Both have to have read every file and found every breach, or their times say nothing. */
function mustHaveFound({ files, breaches }: GeneratedTree, byOurs: Cost, byPeer: Cost): void {
  const found = JSON.parse(byOurs.output) as { files: number; problems: unknown[]; findings: unknown[] };
  const { summary } = JSON.parse(byPeer.output) as { summary: { totalCruised: number; violations: unknown[] } };
  const told = `the check read ${found.files} files and found ${found.findings.length}, dependency-cruiser ${summary.totalCruised} and ${summary.violations.length}`;
  const complete = found.files >= files && summary.totalCruised >= files && found.problems.length === 0;
  if (!complete || found.findings.length !== breaches || summary.violations.length !== breaches) {
    throw new Error(`${breaches} breaches in ${files} files, but ${told}.`);
  }
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
const cost = ({ milliseconds, cpu, memory }: Omit<Cost, 'output'>) =>
  `${seconds(milliseconds)}, CPU ${seconds(cpu)}, ${Math.round(memory)} MB`;
const middle = (costs: readonly Cost[]): Omit<Cost, 'output'> => ({
  milliseconds: median(costs.map((each) => each.milliseconds)),
  cpu: median(costs.map((each) => each.cpu)),
  memory: median(costs.map((each) => each.memory)),
});

async function onThisRepository(): Promise<Result> {
  const costs: Cost[] = [];
  for (let round = 0; round < rounds; round++) costs.push(await ours(repository, []));
  const { files, rules } = JSON.parse(costs[0]?.output ?? '{}') as { files: number; rules: unknown[] };
  return {
    ours: `npm run check on this repository, all ${rules.length} rules`,
    peer: 'nothing',
    load: `${files} files, and knip in a process of its own`,
    measured: cost(middle(costs)),
    goal: 'under 3 s',
    reached: middle(costs).milliseconds < 3000,
  };
}

async function onGeneratedTree(): Promise<Result> {
  const tree = generateTree(200);
  try {
    const measured: { ours: Cost; peer: Cost }[] = [];
    for (let round = 0; round < rounds; round++) {
      const oursFirst = round % 2 === 0;
      const first = await (oursFirst ? ours(tree.root, shared) : peer(tree.root));
      const second = await (oursFirst ? peer(tree.root) : ours(tree.root, shared));
      const both = oursFirst ? { ours: first, peer: second } : { ours: second, peer: first };
      mustHaveFound(tree, both.ours, both.peer);
      measured.push(both);
    }
    const faster = median(measured.map((round) => round.peer.milliseconds / round.ours.milliseconds));
    return {
      ours: `The rules that both know, on a generated tree`,
      peer: 'dependency-cruiser with the same rules',
      load: `${tree.files} files in 200 modules, ${tree.breaches} breaches that both found, by turns`,
      measured: `${faster.toFixed(1)} times as fast; ${cost(middle(measured.map((each) => each.ours)))} against ${cost(middle(measured.map((each) => each.peer)))}`,
      goal: '3 times as fast',
      reached: faster >= 3,
    };
  } finally {
    rmSync(tree.root, { recursive: true, force: true });
  }
}

export const row: Row = {
  title: 'The architecture check',
  run: async () => [await onThisRepository(), await onGeneratedTree()],
};
