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
}
/** A transaction, or a statement outside of any. */
type Unit = Statement[];

interface Watch {
  readonly application: string;
  readonly units: Unit[];
  readonly open: Map<object, Unit>;
}

const watches = new Set<Watch>();
const { query } = pg.Client.prototype as unknown as { query: (this: pg.Client, ...given: unknown[]) => unknown };

function watchedQuery(this: Session & { connectionParameters: { application_name: string } }, given: string | pg.QueryConfig, ...rest: unknown[]) {
  const isBeingOpened = this.role === undefined;
  if (!isBeingOpened) {
    const { text, values = [] } = typeof given === 'string' ? { text: given } : given;
    const statement = { text, values, traceId: currentContext()?.trace.traceId };
    for (const watch of watches) if (watch.application === this.connectionParameters.application_name) note(watch, this, statement);
  }
  return query.call(this, given, ...rest);
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
 * given. What goes on in the background without the trace, such as a saga, is found by the id that its statements name.
 */
export async function statementsOf(
  database: Database,
  work: (traceparent: string) => Promise<unknown>,
  idInBackground?: () => string,
): Promise<string[]> {
  const trace = newTrace();
  const watch: Watch = { application: `fissile ${database.schema}`, units: [], open: new Map() };
  watches.add(watch);
  try {
    await runInContext(backgroundContext('counted', 300_000, trace), () => work(traceparentOf(trace)));
  } finally {
    watches.delete(watch);
  }
  const id = idInBackground?.();
  const belongs = ({ traceId, values }: Statement) => traceId === trace.traceId || (id !== undefined && values.includes(id));
  return watch.units.filter((unit) => unit.some(belongs)).flatMap((unit) => unit.map(({ text }) => text));
}
