/** Deletes up to `limit` rows that are older than `retention` milliseconds, and says how many. */
export type Prune = (retention: number, limit: number) => Promise<number>;

const batch = 1_000;
/** Milliseconds: what is left then goes with the next run. */
const patience = 30_000;

/** In small batches, so that no transaction is long and the tables stay usable meanwhile. */
export async function pruneAll(prunes: readonly Prune[], retention: number): Promise<void> {
  const until = performance.now() + patience;
  for (const prune of prunes) {
    while ((await prune(retention, batch)) === batch) {
      if (performance.now() > until) return;
    }
  }
}
