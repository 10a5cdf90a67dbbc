/**
 * Stands in for a process of a topology: serves a page that says what it is and tells its supervisor so. FAKE says
 * how it misbehaves, by the name in its MODULES: `shop=refuse`.
 */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { MODULES = '', PORT, FAKE = '', FAKE_JOURNAL } = process.env;
const behaviour = new Map(FAKE.split(',').map((each) => each.split('=') as [string, string])).get(MODULES);
const note = (what: string) => FAKE_JOURNAL && appendFileSync(FAKE_JOURNAL, `${what} ${MODULES} ${process.pid}\n`);
const log = (message: string) =>
  console.log(JSON.stringify({ time: new Date().toISOString(), level: 'info', module: MODULES, message, n: 1 }));

note('start');
if (behaviour === 'refuse') {
  console.error('Fissile did not start: SETTING is wrong. Correct it.');
  process.exit(1);
}
if (behaviour === 'crash') process.exit(3);
const server = createServer((request, response) => {
  if (request.url === '/die') process.exit(7);
  response.end(JSON.stringify({ modules: MODULES, environment: process.env }));
});
server.listen(Number(PORT), '127.0.0.1', () => {
  log('It serves.');
  console.error('Somebody should know this.');
  process.send?.({ ready: `http://127.0.0.1:${PORT}` });
});
const end = (why: string) => {
  note(why);
  process.exit(0);
};
process.on('SIGTERM', () => {
  if (behaviour !== 'stubborn') setTimeout(end, 100, 'stop');
});
process.on('disconnect', () => end('alone'));
