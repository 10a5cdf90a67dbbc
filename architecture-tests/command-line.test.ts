import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import schema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json' with { type: 'json' };
import Ajv, { type ValidateFunction } from 'ajv';
import draft4 from 'ajv/lib/refs/json-schema-draft-04.json' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import { github } from './check/formats/github.ts';
import { json } from './check/formats/json.ts';
import { sarif } from './check/formats/sarif.ts';
import type { Outcome } from './check/outcome.ts';
import { rules } from './check/rules.ts';
import { crossing, run, withCheckout } from './support/checkout.ts';

/** As it was published: of a draft of JSON Schema that ajv knows when it is given its meta schema. */
function publishedSchema(): ValidateFunction {
  const ajv = new Ajv({ schemaId: 'id', meta: false, unknownFormats: 'ignore', logger: false });
  ajv.addMetaSchema(draft4);
  return ajv.compile(schema);
}

const finding = {
  rule: 'layers',
  file: 'modules/sales/domain/a file, with: signs.ts',
  line: 3,
  what: 'domain depends on node:fs (import), 100%',
  why: 'Because.',
  instead: 'Do\nsomething else.',
  involves: [],
};
const outcome: Outcome = {
  root: '/checkout',
  rules,
  findings: [finding, { ...finding, rule: 'baseline', file: 'architecture-tests/baseline.json' }],
  problems: ['There is no contract lock.'],
  frozen: 2,
  files: 10,
  examined: { layers: 5 },
  changed: undefined,
  milliseconds: 12.3,
};

describe('the exit code', () => {
  it('is 0 when nothing was found, and it says how much was read', async () => {
    const { code, out } = await withCheckout(({ check }) => check());
    // All but `unused`.
    expect(out).toMatch(new RegExp(`^0 breaches \\(43 files, ${rules.length - 1} rules, \\d+\\.\\d s\\)\n$`));
    expect(code).toBe(0);
  });

  it('is 1 on a breach, which is told with its place, its reason and what to do', async () => {
    const { code, out } = await withCheckout((checkout) => {
      checkout.write(crossing.path, crossing.text);
      return checkout.check();
    });
    expect(out).toContain(`${crossing.path}:2 ${crossing.what}`);
    expect(out).toContain('can neither change on its own nor move');
    expect(out).toContain('Use what modules/billing/contract.ts offers');
    expect(code).toBe(1);
  });

  it.each([
    ['an unknown option', ['--fast'], '--fast'],
    ['an unknown format', ['--format', 'xml'], 'text, json, sarif, github'],
    ['an unknown rule', ['--rule', 'beauty'], 'There is no rule beauty'],
    ['no folder', ['--root', '/nowhere/at/all'], '/nowhere/at/all is not a folder'],
  ])('is 2 for %s', async (_, args, message) => {
    const { code, out, err } = await run(args);
    expect(out + err).toContain(message);
    expect(code).toBe(2);
  });

  it('is 2 for a folder without a file to read', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'fissile-empty-'));
    try {
      const { code, out } = await run(['--root', empty]);
      expect(out).toContain('There is no TypeScript or JavaScript file');
      expect(code).toBe(2);
    } finally {
      rmSync(empty, { recursive: true });
    }
  });

  it.each([
    [
      'a folder of a module that no rule knows',
      'modules/sales/helpers/help.ts',
      'export const help = 1;\n',
      'No rule says what modules/sales/helpers/ may do',
    ],
    [
      'a file of a module that no rule knows',
      'modules/sales/utils.ts',
      'export const util = 1;\n',
      'No rule says what modules/sales/utils.ts may do',
    ],
    [
      'a module without a contract',
      'modules/shipping/module.ts',
      'export default {};\n',
      'modules/shipping is not a module: it has no contract.ts',
    ],
    [
      'a file that cannot be parsed',
      'modules/sales/domain/broken.ts',
      'export const = 1;\n',
      'modules/sales/domain/broken.ts cannot be parsed',
    ],
    ['a module that is not defined', 'modules/sales/module.ts', 'export default {};\n', 'does not call defineModule'],
    [
      'a contract that cannot be loaded',
      'modules/sales/contract.ts',
      "throw new Error('not today');\n",
      'modules/sales/contract.ts cannot be loaded: not today',
    ],
    [
      'a lock that is no lock',
      'architecture-tests/contract-lock.json',
      '{ "operations": ',
      'contract-lock.json is not JSON',
    ],
  ])('is 2 for %s', async (_, path, text, message) => {
    const { code, out } = await withCheckout((checkout) => {
      checkout.write(path, text);
      return checkout.check();
    });
    expect(out).toContain(message);
    expect(code).toBe(2);
  });

  it('is 2 when a rule found nothing to look at, and what the others found is told all the same', async () => {
    const { code, out } = await withCheckout((checkout) => {
      checkout.write(crossing.path, crossing.text);
      rmSync(join(checkout.root, 'ADR'), { recursive: true });
      return checkout.check();
    });
    expect(out).toContain('The rule adrs found nothing to look at.');
    expect(out).toContain(crossing.what);
    expect(code).toBe(2);
  });

  it('is 2 when there is no lock to hold the contracts against', async () => {
    const { code, out } = await withCheckout((checkout) => {
      rmSync(join(checkout.root, 'architecture-tests/contract-lock.json'));
      return checkout.check('--rule', 'contract-lock');
    });
    expect(out).toContain('npm run check -- --lock');
    expect(code).toBe(2);
  });
});

describe('the help', () => {
  it('names every option', async () => {
    const { code, out } = await run(['--help']);
    for (const option of ['--root', '--format', '--changed', '--rule', '--freeze', '--lock', '--retire'])
      expect(out).toContain(option);
    expect(code).toBe(0);
  });
});

describe('as JSON', () => {
  it('everything is told: breaches, problems, and how much each rule looked at', () => {
    const told = JSON.parse(json(outcome)) as {
      exitCode: number;
      findings: object[];
      problems: string[];
      rules: { id: string; examined: number }[];
    };
    expect(told).toMatchObject({ exitCode: 2, files: 10, frozen: 2, problems: ['There is no contract lock.'] });
    expect(told.findings[0]).toEqual({
      rule: 'layers',
      file: finding.file,
      line: 3,
      what: finding.what,
      why: 'Because.',
      instead: finding.instead,
    });
    expect(told.rules.find(({ id }) => id === 'layers')).toMatchObject({ examined: 5 });
  });
});

describe('as GitHub annotations', () => {
  it('signs that mean something there are escaped', () => {
    expect(github(outcome).split('\n')[0]).toBe(
      '::error file=modules/sales/domain/a file%2C with%3A signs.ts,line=3,title=layers::domain depends on node:fs (import), 100%25%0ABecause.%0ADo%0Asomething else.',
    );
  });

  it('a problem is an error as well', () => {
    expect(github(outcome)).toContain('::error title=could not check::There is no contract lock.');
  });
});

describe('as SARIF', () => {
  const valid = publishedSchema();

  it('all that can be told is valid by the schema that OASIS published', () => {
    expect(valid(JSON.parse(sarif(outcome))), JSON.stringify(valid.errors)).toBe(true);
    expect(valid({ version: '2.1.0', runs: [{ results: 'many' }] }), 'the schema refuses something').toBe(false);
  });

  it('what the command prints is valid, and puts the breach on its line', async () => {
    const { code, out } = await withCheckout((checkout) => {
      checkout.write(crossing.path, crossing.text);
      return checkout.check('--format', 'sarif');
    });
    const log = JSON.parse(out) as { runs: { results: unknown[]; invocations: unknown[] }[] };
    expect(valid(log), JSON.stringify(valid.errors)).toBe(true);
    expect(log.runs[0]?.invocations).toMatchObject([{ executionSuccessful: true, exitCode: 1 }]);
    expect(log.runs[0]?.results).toMatchObject([
      {
        ruleId: 'contracts-only',
        locations: [
          {
            physicalLocation: { artifactLocation: { uri: crossing.path, uriBaseId: 'ROOT' }, region: { startLine: 2 } },
          },
        ],
      },
    ]);
    expect(code).toBe(1);
  });

  it('says so when it could not check', async () => {
    const { out } = await run(['--root', '/nowhere/at/all', '--format', 'sarif']);
    const log = JSON.parse(out) as { runs: { invocations: object[] }[] };
    expect(valid(log), JSON.stringify(valid.errors)).toBe(true);
    expect(log.runs[0]?.invocations[0]).toMatchObject({ executionSuccessful: false, exitCode: 2 });
  });
});
