/** `npm run bench`: measures and prints one table. */
import { readdir } from 'node:fs/promises';
import { styleText } from 'node:util';
import type { Row } from './row.ts';

const folder = new URL('rows/', import.meta.url);
const rows = (await readdir(folder)).filter((file) => file.endsWith('.ts')).sort();
const help = `Measures the program against named peers, and prints a table for this machine. Minutes.

Usage: npm run bench [-- WORD...]

  WORD        measure only the rows with one of the words in their names:
              ${rows.map((file) => file.replace('.ts', '')).join(', ')}
  --help, -h  show this

Exit codes: 0 measured, 2 no such row.
`;
const wanted = process.argv.slice(2);
if (wanted.includes('--help') || wanted.includes('-h')) {
  process.stdout.write(help);
  process.exit();
}
const files = rows.filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word)));
if (files.length === 0) {
  console.error(`No row is called ${wanted.join(' or ')}. There are: ${rows.join(', ')}.`);
  process.exit(2);
}

process.once('SIGINT', () => process.exit(130));

for (const file of files) {
  const { row } = (await import(new URL(file, folder).href)) as { row: Row };
  console.log(styleText('bold', row.title));
  const results = await row.run();
  if (typeof results === 'string') {
    console.log(`  not measured: ${results}\n`);
    continue;
  }
  for (const { ours, peer, load, measured, goal, reached } of results) {
    console.log(`  ${ours}\n    against ${peer}\n    load    ${load}\n    result  ${measured}`);
    const outcome = reached ? styleText('green', 'reached') : styleText('yellow', 'not reached');
    console.log(goal === undefined ? '' : `    goal    ${goal}: ${outcome}\n`);
  }
}
