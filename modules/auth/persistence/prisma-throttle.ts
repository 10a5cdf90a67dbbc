import { hash } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/database.ts';
import type { Limit, Throttle } from '../domain/throttle.ts';
import type { PrismaClient } from './generated/client.ts';

/** Subjects are e-mail and network addresses; nobody has to be able to read them here. */
const concealed = (text: string): string => hash('sha256', text);

const keyOf = ({ scope, subject, from }: Limit): string =>
  [scope, concealed(subject), ...(from === undefined ? [] : [concealed(from)])].join(':');

/** One array for each column of the relation `limits` below. */
const parametersOf = (limits: readonly Limit[]): unknown[] => [
  limits.map(keyOf),
  limits.map(({ subject }) => concealed(subject)),
  limits.map(({ pace }) => pace.allowed),
  limits.map(({ pace }) => pace.forgiveEach),
  limits.map(({ pace }) => pace.firstDelay),
  limits.map(({ pace }) => pace.longestDelay),
  limits.map(({ blocks = true }) => blocks),
];

export function prismaThrottle(database: Database, prisma: PrismaClient, clock: Clock): Throttle {
  const remaining = (blockedUntil: Date | null | undefined): number =>
    blockedUntil ? Math.max(0, blockedUntil.getTime() - clock.now().getTime()) : 0;

  async function delay(limits: readonly Limit[]): Promise<number> {
    const { rows } = await database.query<{ latest: Date | null }>(
      'select max(blocked_until) as latest from auth.throttles where key = any($1)',
      [limits.map(keyOf)],
    );
    return remaining(rows[0]?.latest);
  }

  async function giveBack(limits: readonly Limit[]): Promise<void> {
    await database.query(lower, parametersOf(limits));
  }

  return {
    async reserve(limits) {
      const { rows } = await database.query<{ until: Date | null; counted: string[] }>(raise, [
        ...parametersOf(limits),
        clock.now(),
      ]);
      const { until = null, counted = [] } = rows[0] ?? {};
      if (until) return Math.max(1, remaining(until));
      if (counted.length === limits.length) return 0;
      // Somebody took the last room of one of them since the statement began.
      const taken = limits.filter((limit) => counted.includes(keyOf(limit)));
      if (taken.length > 0) await giveBack(taken);
      return Math.max(1, await delay(limits.filter(({ blocks }) => blocks !== false)));
    },

    giveBack,

    delay,

    async clear(limit) {
      await database.query('delete from auth.throttles where key = $1', [keyOf(limit)]);
    },

    async forget(subjects) {
      await prisma.throttle.deleteMany({ where: { subject: { in: subjects.map(concealed) } } });
    },

    async prune() {
      await prisma.throttle.deleteMany({ where: { forgetAt: { lte: clock.now() } } });
    },
  };
}

const limits = `
  limits as (
    select * from unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::boolean[])
      as l (key, subject, allowed, forgive_each, first_delay, longest_delay, blocks)
  )`;
const now = '$8::timestamptz';
const sunk = `greatest(0, t.level - greatest(0, extract(epoch from ${now} - t.updated_at) * 1000)::float8 / l.forgive_each)`;

/** The rule of the domain for a row `l` of the limits. `until` is said in terms of `delayed`, the end of its delay. */
const reached = (level: string, at: string, until: string): string => `
  select reached.level, blocked.until, ${at},
         greatest(blocked.until, ${at} + reached.level * l.forgive_each * interval '1 millisecond')
  from (select ${level} as level) reached,
       lateral (
         select case when reached.level <= l.allowed then 'epoch' else ${at} + interval '1 millisecond' *
           least(l.longest_delay, ceil(l.first_delay * power(2, least(30, reached.level - l.allowed) - 1)))
         end as delayed
       ) delay,
       lateral (select ${until} as until) blocked`;

/** Each row decides anew under its lock, in the order of the keys: attempts at the same time wait, and do not deadlock. */
const raise = `
  with ${limits}, blocked as (
    select max(t.blocked_until) as until from auth.throttles t join limits l using (key) where l.blocks and t.blocked_until > ${now}
  ), counted as (
    insert into auth.throttles as t (key, subject, level, blocked_until, updated_at, forget_at)
    select l.key, l.subject, first.*
    from limits l, lateral (${reached('1::float8', now, 'delayed')}) first
    where (select until from blocked) is null
    order by l.key
    on conflict (key) do update set (level, blocked_until, updated_at, forget_at) = (
      select next.* from limits l, lateral (${reached(`${sunk} + 1`, now, 'greatest(t.blocked_until, delayed)')}) next
      where l.key = t.key
    )
    where t.blocked_until <= ${now} or not (select l.blocks from limits l where l.key = t.key)
    returning key
  )
  select (select until from blocked) as until, array(select key from counted) as counted`;

const lower = `
  with ${limits}, held as materialized (
    select t.key from auth.throttles t join limits using (key) order by t.key for update of t
  )
  update auth.throttles t set (level, blocked_until, updated_at, forget_at) = (
    ${reached('greatest(0, t.level - 1)', 't.updated_at', 'least(t.blocked_until, delayed)')}
  )
  from limits l, held
  where t.key = l.key and held.key = l.key`;
