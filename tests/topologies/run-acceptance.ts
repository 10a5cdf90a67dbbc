import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { administrator } from '../support/running-program.ts';

/** The fields of vitest's JSON report that matter here. */
interface VitestReport {
  readonly numTotalTests: number;
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

export interface AcceptanceReport extends VitestReport {
  /** The name of each test that failed, with its first message. */
  readonly failures: readonly string[];
}

const root = join(import.meta.dirname, '../..');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

/** Runs the acceptance suite against `url`. `folder` takes its report. */
export async function runAcceptance(url: string, folder: string): Promise<AcceptanceReport> {
  const file = join(folder, 'report.json');
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--project', 'acceptance', '--reporter=json', `--outputFile.json=${file}`],
    {
      cwd: root,
      env: { ...process.env, BASE_URL: url, ADMIN_EMAIL: administrator.email, ADMIN_PASSWORD: administrator.password },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (printed += data.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  let report: VitestReport;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  } catch (error) {
    throw new Error(`The acceptance suite left no report:\n${printed}`, { cause: error });
  }
  const failures = report.testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0 && message) return [`${name}: ${message}`];
    return failed.map(
      ({ fullName, failureMessages = [] }) => `${fullName}: ${failureMessages[0]?.split('\n    at ')[0]}`,
    );
  });
  return { ...report, failures };
}
