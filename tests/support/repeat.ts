/** Does it again and again, until it is stopped. */
export function repeat(act: () => Promise<unknown>): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const done = (async () => {
    while (!stopping.signal.aborted) await act();
  })();
  return {
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}
