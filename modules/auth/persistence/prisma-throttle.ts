import { hash } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/database/database.ts';
import type { Limit, Throttle } from '../domain/throttle.ts';
import type { PrismaClient } from './generated/client.ts';

/** Subjects are e-mail and network addresses; nobody has to be able to read them here. */
const concealed = (text: string): string => hash('sha256', text);

const keyOf = ({ scope, subject, from }: Limit): string =>
  [scope, concealed(subject), ...(from === undefined ? [] : [concealed(from)])].join(':');

export function prismaThrottle(database: Database, prisma: PrismaClient, clock: Clock): Throttle {
  const remaining = (blockedUntil: Date | null | undefined): number =>
    blockedUntil ? Math.max(0, blockedUntil.getTime() - clock.now().getTime()) : 0;

  return {
    async delay(limits) {
      const { rows } = await database.query<{ latest: Date | null }>(
        'select max(blocked_until) as latest from auth.throttles where key = any($1)',
        [limits.map(keyOf)],
      );
      return remaining(rows[0]?.latest);
    },

    /** The rule `raised` of the domain as one statement, so that attempts made at the same time are all counted. */
    async count(limits) {
      const now = clock.now();
      await Promise.all(
        limits.map((limit) =>
          database.query(
            `insert into auth.throttles as t (key, subject, level, blocked_until, updated_at, forget_at)
             select $1, $2, raised.* from (${raisedTo('1::float8')}) raised
             on conflict (key) do update set (level, blocked_until, updated_at, forget_at) = (${raisedTo(sunkAndOneMore)})`,
            [
              keyOf(limit),
              concealed(limit.subject),
              now,
              limit.pace.allowed,
              limit.pace.forgiveEach,
              limit.pace.firstDelay,
              limit.pace.longestDelay,
            ],
          ),
        ),
      );
    },

    async clear(limit) {
      const { rows } = await database.query<{ blockedUntil: Date }>(
        `with cleared as (delete from auth.throttles where key = $1 and blocked_until <= $2)
         select blocked_until as "blockedUntil" from auth.throttles where key = $1 and blocked_until > $2`,
        [keyOf(limit), clock.now()],
      );
      return remaining(rows[0]?.blockedUntil);
    },

    async forget(subjects) {
      await prisma.throttle.deleteMany({ where: { subject: { in: subjects.map(concealed) } } });
    },

    async prune() {
      await prisma.throttle.deleteMany({ where: { forgetAt: { lte: clock.now() } } });
    },
  };
}

const elapsed = 'greatest(0, extract(epoch from $3::timestamptz - t.updated_at) * 1000)::float8';
const sunkAndOneMore = `greatest(0, t.level - ${elapsed} / $5::float8) + 1`;

const raisedTo = (level: string): string => `
  select level, $3::timestamptz + delay, $3::timestamptz,
         $3::timestamptz + greatest(delay, level * $5::float8 * interval '1 millisecond')
  from (select ${level} as level) next,
       lateral (
         select case when level <= $4::float8 then interval '0'
           else least($7::float8, ceil($6::float8 * power(2, least(30, level - $4::float8) - 1))) * interval '1 millisecond'
         end as delay
       ) wait`;
