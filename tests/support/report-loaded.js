/** Preloaded into a program, it says when that ends which modules were loaded. */
import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';

const loaded = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
process.on('exit', () => writeSync(1, `\n${loaded.map((url) => `loaded: ${url}`).join('\n')}\n`));
