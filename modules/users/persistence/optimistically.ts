/** More than this in a row do not lose a race by chance. */
const attempts = 20;

/**
 * Reads and writes without a lock: `attempt` says undefined when what it had read was changed before it could write,
 * and then starts over on the newer state.
 */
export async function optimistically<T>(attempt: () => Promise<{ result: T } | undefined>): Promise<T> {
  for (let round = 0; round < attempts; round++) {
    const done = await attempt();
    if (done) return done.result;
  }
  throw new Error(`Lost the race for one row ${attempts} times.`);
}
