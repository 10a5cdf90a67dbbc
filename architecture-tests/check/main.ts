// Half of a short run would go to stripping the types of this check itself.
import '../../src/compile-cache.js';

const { main } = await import('./command-line.ts');

process.exitCode = await main(process.argv.slice(2), console);
