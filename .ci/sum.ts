/**
 * `sum.ts <folder> [step]...` adds up the JSON reports that the suites left in the folder, names what failed, and
 * prints `N passed, N failed` as the last line. A report that is not whole counts as one failure, and so does each of
 * the steps, which ended with an error, that has no failed test to show for it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

/** The part of vitest's that matters here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

const [folder = '', ...broken] = process.argv.slice(2);
const failures: string[] = [];
const skipped = new Set<string>();
const run = new Set<string>();
let passed = 0;

console.log('');
for (const report of readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort()) {
  const suite = basename(report, '.json');
  const before = { passed, failed: failures.length };
  const results = testResultsOf(join(folder, report));
  for (const file of results ?? []) {
    const path = relative(process.cwd(), file.name);
    const failedBefore = failures.length;
    for (const { status, fullName, failureMessages = [] } of file.assertionResults) {
      // Where a service is missing the name says so; it is the same test.
      const test = `${path} > ${fullName.replace(/ \(needs [^)]*\)/g, '')}`;
      (status === 'passed' || status === 'failed' ? run : skipped).add(test);
      if (status === 'failed') failures.push(`${suite}: ${test}\n    ${firstLineOf(failureMessages[0])}`);
      if (status === 'passed') passed += 1;
    }
    // A file that could not even be loaded fails without a failed test.
    if (file.status === 'failed' && failures.length === failedBefore)
      failures.push(`${suite}: ${path}\n    ${firstLineOf(file.message)}`);
  }
  if (!results) failures.push(`${suite}: ended without a report, see above`);
  const failed = failures.length - before.failed;
  console.log(`${suite}: ${passed - before.passed} passed, ${failed} failed`);
  if (failed > 0 && broken.includes(suite)) broken.splice(broken.indexOf(suite), 1);
}
failures.push(...broken.map((step) => `${step}: ended with an error outside of any test, see above`));

list(
  'Run nowhere',
  [...skipped].filter((test) => !run.has(test)),
);
list('Failed', failures);
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 || passed === 0 ? 1 : 0;

/** Undefined for a suite that ended while it wrote them. */
function testResultsOf(file: string): Report['testResults'] | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as Report).testResults;
  } catch {
    return undefined;
  }
}

function firstLineOf(text = ''): string {
  return text.split('\n', 1)[0]!.slice(0, 300);
}

function list(title: string, lines: readonly string[]): void {
  if (lines.length > 0) console.log(`\n${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
