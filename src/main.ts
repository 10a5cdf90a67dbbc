/** The command line. */
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { main } = await import('./host/command-line.ts');
// What a shutdown has cut off may still hold timers; nobody waits for those.
process.exit(await main(process.argv.slice(2)));
