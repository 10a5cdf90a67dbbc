import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { exitCode, type Outcome } from '../outcome.ts';

/** SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), which code hosts and editors read. */
export function sarif(outcome: Outcome): string {
  const { root, rules, findings, problems } = outcome;
  const baseline = findings.some(({ rule }) => rule === 'baseline') ? [baselineRule] : [];
  const described = [...rules, ...baseline];
  const run = {
    tool: {
      driver: {
        name: 'fissile architecture check',
        rules: described.map(({ id, title, why, adr }) => ({
          id,
          shortDescription: { text: title },
          fullDescription: { text: why },
          help: { text: `${why} Decided in ${adr}.`, markdown: `${why}\n\nDecided in [${adr}](${adr}).` },
          defaultConfiguration: { level: 'error' },
        })),
      },
    },
    originalUriBaseIds: { ROOT: { uri: `${pathToFileURL(root).href.replace(/\/$/, '')}/` } },
    invocations: [
      {
        executionSuccessful: problems.length === 0,
        exitCode: exitCode(outcome),
        toolExecutionNotifications: problems.map((problem) => ({ level: 'error', message: { text: problem } })),
      },
    ],
    results: findings.map(({ rule, file, line, what, why, instead }) => ({
      ruleId: rule,
      ruleIndex: described.findIndex(({ id }) => id === rule),
      level: 'error',
      message: { text: `${what}. ${why} ${instead}` },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: 'ROOT' },
            region: { startLine: line },
          },
        },
      ],
      // The same breach after lines moved.
      partialFingerprints: { 'breach/v1': createHash('sha256').update(`${rule}\n${file}\n${what}`).digest('hex') },
    })),
  };
  const $schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
  return JSON.stringify({ $schema, version: '2.1.0', runs: [run] }, null, 2);
}

const baselineRule = {
  id: 'baseline',
  title: 'The list of known breaches only gets shorter',
  why: 'What is frozen is to be mended; a list that grows is no list of known breaches.',
  adr: 'ADR/0032-the-architecture-check.md',
};
