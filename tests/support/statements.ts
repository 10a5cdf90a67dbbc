/** Counts what a piece of work sends to PostgreSQL, so that tests can assert what it costs. */
import pg from 'pg';
import { backgroundContext, currentContext, newTrace, runInContext } from '../../src/platform/context.ts';
import type { Database } from '../../src/platform/database.ts';
import type { Session } from '../../src/runtime/database/session.ts';
import { traceparentOf } from '../../src/runtime/observability/trace-context.ts';

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly traceId: string | undefined;
  /** Something was heard on its connection since the statement before it, or there was none before it. */
  readonly afterAnAnswer: boolean;
}
/** A transaction, or a statement outside of any. */
type Unit = Statement[];

interface Watch {
  readonly application: string;
  readonly units: Unit[];
  readonly open: Map<object, Unit>;
}

const watches = new Set<Watch>();
/** Connections on which nothing was heard since the last statement. */
const unanswered = new WeakSet<object>();
const { query } = pg.Client.prototype as unknown as { query: (this: pg.Client, ...given: unknown[]) => unknown };

function watchedQuery(
  this: Session & { connectionParameters: { application_name: string } },
  given: string | pg.QueryConfig,
  ...rest: unknown[]
) {
  const isBeingOpened = this.role === undefined;
  if (!isBeingOpened) {
    const { text, values = [] } = typeof given === 'string' ? { text: given } : given;
    const statement = { text, values, traceId: currentContext()?.trace.traceId, afterAnAnswer: !unanswered.has(this) };
    for (const watch of watches)
      if (watch.application === this.connectionParameters.application_name) note(watch, this, statement);
  }
  unanswered.add(this);
  const result = query.call(this, given, ...rest);
  if (result instanceof Promise) {
    const heard = () => void unanswered.delete(this);
    result.then(heard, heard);
  }
  return result;
}
pg.Client.prototype.query = watchedQuery as never;

function note({ units, open }: Watch, client: object, statement: Statement): void {
  const unit = open.get(client) ?? [];
  if (unit.push(statement) === 1) units.push(unit);
  if (statement.text === 'BEGIN') open.set(client, unit);
  if (statement.text === 'COMMIT' || statement.text === 'ROLLBACK') open.delete(client);
}

/**
 * The statements that `work` sends to `database` until it resolves, BEGIN and COMMIT included, and none of what runs
 * beside it: they are told apart by their trace, which HTTP requests continue with the `traceparent` that `work` is
 * given, where the program trusts them (TRUST_PROXY). What goes on in the background without the trace, such as a saga, is found by the id that its statements name.
 */
export const statementsOf = async (...given: Parameters<typeof watched>): Promise<string[]> =>
  (await watched(...given)).map(({ text }) => text);

/** How often the same work waits for an answer: statements that are sent without waiting go out together. */
export const roundTripsOf = async (...given: Parameters<typeof watched>): Promise<number> =>
  (await watched(...given)).filter(({ afterAnAnswer }) => afterAnAnswer).length;

async function watched(
  database: Database,
  work: (traceparent: string) => Promise<unknown>,
  idInBackground?: () => string,
): Promise<Statement[]> {
  const trace = newTrace();
  const watch: Watch = { application: `fissile ${database.schema}`, units: [], open: new Map() };
  watches.add(watch);
  try {
    await runInContext(backgroundContext('counted', 300_000, trace), () => work(traceparentOf(trace)));
  } finally {
    watches.delete(watch);
  }
  const id = idInBackground?.();
  const belongs = ({ traceId, values }: Statement) =>
    traceId === trace.traceId || (id !== undefined && values.includes(id));
  return watch.units.filter((unit) => unit.some(belongs)).flat();
}
