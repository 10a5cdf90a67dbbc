const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Resolves when somebody wants the process to stop; a second signal ends it on the spot. Under a supervisor, the
 * supervisor's end is such a wish too, however it ended: nobody would stop the process otherwise.
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of signals) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve();
      });
    }
    process.once('disconnect', resolve);
  });
}
