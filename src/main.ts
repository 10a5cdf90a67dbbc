/** The command line. */
import { main } from './host/command-line.ts';

// Whatever the caller's mask: what we create is for us to change. Files with secrets set stricter modes themselves.
process.umask(process.umask() | 0o022);

// Work that a shutdown has cut off may still hold timers; nobody waits for those.
process.exit(await main(process.argv.slice(2)));
