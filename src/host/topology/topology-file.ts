/** The schema of a topology's file. */
import { z } from 'zod';
import { mistakeInBrokerUrl } from '../brokers.ts';

/** The name that stands among the modules for the way in. */
export const gateway = 'gateway';

const port = z.int().min(1).max(65_535);

export const ProcessEntry = z.strictObject({
  modules: z.array(z.string()).min(1, 'names no module'),
  replicas: z.int().min(1).max(50).default(1),
  port,
  grpcPort: port.optional(),
  managementPort: port.optional(),
});

export const TopologyFile = z.strictObject({
  events: z.string().superRefine((text, context) => {
    if (text === 'memory' || text === '${EVENTS_URL}') return;
    const mistake = text.includes('://')
      ? mistakeInBrokerUrl(text)
      : 'must be memory, ${EVENTS_URL}, or the URL of a broker';
    if (mistake !== undefined) context.addIssue(mistake);
  }),
  databases: z
    .string()
    .regex(/^[a-z0-9_]*\*[a-z0-9_]*$/, 'must hold one * for the name of the module, such as shop_*')
    .default('*'),
  processes: z.record(
    z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and dashes'),
    ProcessEntry,
  ),
});
export type TopologyEntries = z.output<typeof TopologyFile>;
