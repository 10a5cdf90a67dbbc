/**
 * What `npm start` runs. JavaScript, since the compile cache keeps what Node made of TypeScript only from here on: for
 * a TypeScript file before this line Node would load its compiler at every start, a tenth of all that a start does.
 */
import './compile-cache.js';

await import('./main.ts');
