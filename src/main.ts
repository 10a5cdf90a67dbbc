/** The command line. */
import { main } from './host/command-line.ts';

// What a shutdown has cut off may still hold timers; nobody waits for those.
process.exit(await main(process.argv.slice(2)));
