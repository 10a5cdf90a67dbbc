/** The rules for Prometheus: recorded ratios of the objectives, and alerts. */
import { stringify } from 'yaml';
import { alerts } from './alerts.ts';
import { burns, objectives, recorded, windows } from './objectives.ts';

/** Its path in this repository: put the address in front at which your team reads it. */
const runbook = (name: string) => `docs/runbooks/${name}.md`;

const severities = [
  { severity: 'page', lasts: '2m', text: 'The error budget of 30 days will not last five days' },
  { severity: 'ticket', lasts: '1h', text: 'The error budget of 30 days will not last' },
] as const;

export function rulesFile(): string {
  const groups = [
    ...objectives.map((objective) => ({
      name: objective.record,
      rules: [
        ...windows.map((window) => ({ record: recorded(objective, window), expr: objective.bad(window) })),
        ...severities.map(({ severity, lasts, text }) => ({
          alert: objective.name,
          expr: burns(objective, severity),
          for: lasts,
          labels: { severity },
          annotations: {
            summary: `Too many ${objective.summary}. ${text}: {{ $value | humanizePercentage }} are bad.`,
            runbook_url: runbook(objective.name),
          },
        })),
      ],
    })),
    {
      name: 'conditions',
      rules: alerts.map(({ name, severity, value, when, lasts, summary }) => ({
        alert: name,
        expr: `${value} ${when}`,
        for: lasts,
        labels: { severity },
        annotations: { summary, runbook_url: runbook(name) },
      })),
    },
  ];
  return `# Written by \`npm run docs\` from build/observability.\n${stringify({ groups }, { lineWidth: 0 })}`;
}
