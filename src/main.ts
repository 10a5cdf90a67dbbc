/** The command line. */
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { main } = await import('./host/command-line.ts');
process.exitCode = await main(process.argv.slice(2));
