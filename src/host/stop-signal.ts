import { isatty } from 'node:tty';

/**
 * Resolves when somebody wants the process to stop; a second signal ends it on the spot. Under a supervisor, the
 * supervisor's end is such a wish too, however it ended: nobody would stop the process otherwise.
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = () => {
      if (asked) process.exit(130);
      asked = true;
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    // A terminal that closes stops what runs in it. Without one the program was detached from it, such as by nohup:
    // Node has lost by now that the signal was to be ignored.
    process.on('SIGHUP', hasTerminal() ? stop : () => {});
    process.once('disconnect', resolve);
  });
}

const hasTerminal = () => [0, 1, 2].some((descriptor) => isatty(descriptor));
