// ADR 0070
/** OpenTelemetry's own variables, as its specification names and defines them: those that this program heeds. */
import { z } from 'zod';
import { about, whole } from '#platform/settings.ts';

/** `name=value,name=value`, with values percent-encoded where they have to be: https://www.w3.org/TR/baggage/ */
const pairs = z.string().transform((text, context) => {
  const entries: [string, string][] = [];
  for (const pair of text.split(',').map((each) => each.trim())) {
    if (pair === '') continue;
    const [, name, value] = /^([^\s=]+)\s*=\s*(.*)$/.exec(pair) ?? [];
    const decoded = value === undefined ? undefined : percentDecoded(value);
    if (name === undefined || decoded === undefined) {
      context.addIssue({ code: 'custom', message: 'must be name=value pairs, separated by commas' });
      return z.NEVER;
    }
    entries.push([name, decoded]);
  }
  return Object.fromEntries(entries);
});

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export const otelVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .optional()
    .meta(
      about('the collector of traces and logs, which takes OTLP over HTTP, such as http://localhost:4318', {
        without: 'nothing is traced',
      }),
    ),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(['http/protobuf'])
    .default('http/protobuf')
    .meta(about('how it is spoken to; there is no other way here')),
  OTEL_EXPORTER_OTLP_HEADERS: pairs
    .optional()
    .meta(about('headers for it: name=value, separated by commas', { secret: true })),
  OTEL_LOGS_EXPORTER: z
    .enum(['otlp', 'none'])
    .default('none')
    .meta(about('"otlp" sends the log there as well; it stays on the standard output')),
  OTEL_SERVICE_NAME: z
    .string()
    .min(1)
    .optional()
    .meta(
      about('the name under which traces show this process', {
        without: 'fissile, and its modules where it does not run all',
      }),
    ),
  OTEL_RESOURCE_ATTRIBUTES: pairs
    .optional()
    .meta(about('what traces tell of this process besides: name=value, separated by commas')),
  OTEL_TRACES_SAMPLER: z
    .enum(samplers)
    .default('parentbased_always_on')
    .meta(about('which traces are kept; "parentbased": as decided by who began them')),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .meta(about('for samplers by "traceidratio": the share that is kept, 0 to 1')),
  OTEL_BSP_SCHEDULE_DELAY: whole(1, 600_000).default(5_000).meta(about('milliseconds between two batches of spans')),
  OTEL_BSP_EXPORT_TIMEOUT: whole(1, 600_000).default(30_000).meta(about('milliseconds to send one')),
  OTEL_BSP_MAX_QUEUE_SIZE: whole(1, 1_000_000)
    .default(2_048)
    .meta(about('spans that wait to be sent, those under way included; more are dropped and counted')),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: whole(1, 1_000_000).default(512).meta(about('the most spans of one batch')),
};
