/** Prometheus's own tool, which is installed where services are. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

const need = 'needs prometheus and promtool on the path';
const isInstalled = ['prometheus', 'promtool'].every((name) => spawnSync(name, ['--version']).status === 0);
if (!isInstalled && process.env.REQUIRE_SERVICES === '1') throw new Error(`A test ${need}`);
/** Why tests with Prometheus cannot run. */
export const withoutPrometheus = isInstalled ? undefined : need;

export const rules = join(import.meta.dirname, '../../deploy/observability/rules.yml');

export function promtool(...args: string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

/** Values a step apart, by series. */
export type Series = Readonly<Record<string, readonly number[]>>;

/** Has promtool find exactly `firing` (`Alert page`) after so many steps of so many minutes; returns what it says otherwise. */
export function faultOf(series: Series, steps: number, step: number, firing: readonly string[]): string | undefined {
  const samples = firing.map((alert) => {
    const [alertname, severity] = alert.split(' ');
    return { labels: `{alertname="${alertname}", severity="${severity}"}`, value: 1 };
  });
  const test = {
    rule_files: [rules],
    evaluation_interval: `${step}m`,
    tests: [
      {
        interval: `${step}m`,
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values: values.join(' ') })),
        promql_expr_test: [
          {
            expr: 'count by (alertname, severity) (ALERTS{alertstate="firing"})',
            eval_time: `${steps * step}m`,
            exp_samples: samples,
          },
        ],
      },
    ],
  };
  const folder = mkdtempSync(join(tmpdir(), 'fissile-alerts-'));
  try {
    const file = join(folder, 'test.yml');
    writeFileSync(file, stringify(test));
    const { status, said } = promtool('test', 'rules', file);
    return status === 0 ? undefined : said;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
