// ADR 0090
/** The endpoints by which administrators read a module's audit log. Every module has them. */
import { z } from 'zod';
import { api, type Client, query } from '#platform/contract.ts';
import { type Endpoint, endpoint } from '#platform/endpoint.ts';
import { pageOf } from '#platform/pages.ts';
import type { AuditLog } from './audit-log.ts';

const Entry = z
  .object({
    id: z.string().describe('the later entry of a module has the greater number'),
    at: z.iso.datetime(),
    act: z.string().meta({ examples: ['library.lend-book'] }),
    outcome: z.enum(['done', 'refused']),
    actorKind: z
      .enum(['person', 'machine', 'operator', 'program', 'nobody'])
      .describe('`operator` by a command at the machine, `nobody` without a login'),
    actor: z.string().nullable().describe('the id of who did it; null where nobody is known, and for an erased person'),
    application: z.string().nullable().describe('the application that did it for them'),
    network: z.string().nullable(),
    userAgent: z.string().nullable(),
    target: z.string().nullable().describe('the id of the person or thing that it was done to'),
    details: z.record(z.string(), z.unknown()).nullable(),
    requestId: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry' });

const text = z.string().min(1).max(200).optional();
/** PostgreSQL has no year 0. */
const moment = z.iso
  .datetime()
  .max(40)
  .refine((text) => !text.startsWith('0000'), 'is before the year 1')
  .optional();
const Filter = z.object({
  actor: text.describe('the id of who did it'),
  target: text.describe('the id of the person or thing that it was done to'),
  act: text,
  from: moment,
  to: moment.describe('entries before it'),
});

const Cursor = z.string().regex(/^\d{1,18}$/);

/** Answered by the platform in the name of each module. */
const AuditApi = api('platform', {
  listAuditEntries: query(1, {
    summary: 'The newest first.',
    input: Filter.extend({
      cursor: Cursor.optional().describe('`nextCursor` of the page before'),
      limit: z.int().min(1).max(100).default(50),
    }),
    output: z.object({ data: z.array(Entry), nextCursor: Cursor.nullable().describe('null on the last page') }),
    errors: [],
  }),
  pageOfAuditLog: query(1, {
    summary: 'The oldest first.',
    input: Filter.extend({ after: Cursor.optional() }),
    output: z.object({ data: z.array(Entry), nextCursor: Cursor.nullable() }),
    errors: [],
  }),
});

/** Entries that are read at once for an export. */
const exported = 500;

export const auditClient = (log: AuditLog): Client<typeof AuditApi> => ({
  listAuditEntries: async ({ cursor, limit = 50, ...filter }) =>
    pageOf(limit, await log.list(filter, { order: 'desc', beyond: cursor, limit: limit + 1 }), ({ id }) => id),
  async pageOfAuditLog({ after, ...filter }) {
    const data = await log.list(filter, { order: 'asc', beyond: after, limit: exported });
    return { data, nextCursor: data.length === exported ? data.at(-1)!.id : null };
  },
});

export const auditEndpoints = (module: string): Endpoint[] => [
  endpoint(AuditApi.listAuditEntries, `GET /v1/${module}/audit`, {
    summary: `The audit log of ${module}, the newest first`,
    access: 'admin',
  }),
  endpoint(AuditApi, `GET /v1/${module}/audit/export`, {
    summary: `The audit log of ${module} as JSON Lines, the oldest first`,
    description: 'It is complete where the connection ends regularly: what fails on the way breaks it off.',
    access: 'admin',
    timeout: 600_000,
    query: Filter,
    answers: { status: 200, body: z.array(Entry), jsonLines: true },
    async handle({ query: filter }, platform) {
      const first = await platform.pageOfAuditLog(filter);
      async function* pages() {
        for (let page = first; ; page = await platform.pageOfAuditLog({ ...filter, after: page.nextCursor! })) {
          yield page.data;
          if (page.nextCursor === null) return;
        }
      }
      return { status: 200, stream: pages() };
    },
  }),
];
