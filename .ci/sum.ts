/** Adds up vitest's JSON reports, and prints `N passed, N failed` as the last line. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
  numPendingTests: number;
  success: boolean;
}

let passed = 0;
let failed = 0;
console.log('');
for (const file of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  // A file that could not even be loaded fails without a failed test.
  const lost = report.numFailedTests === 0 && !report.success ? Math.max(1, report.numFailedTestSuites) : report.numFailedTests;
  console.log(`${basename(file, '.json')}: ${report.numPassedTests} passed, ${lost} failed, ${report.numPendingTests} skipped`);
  passed += report.numPassedTests;
  failed += lost;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
