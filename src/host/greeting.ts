/** Messages for a person; the log goes to the standard output. */
import { styleText } from 'node:util';

export const say = (line: string) => void process.stderr.write(`${line}\n`);

export function greet({ url, dataLocation }: { url: string; dataLocation: string }): void {
  say('');
  say(styleText('bold', `Fissile is ready after ${process.uptime().toFixed(1)} s.`, { stream: process.stderr }));
  say(`  Address  ${url}`);
  say(`  Docs     ${url}/docs`);
  say(`  Data     ${dataLocation}`);
  say('  Stop     Ctrl-C');
  say('');
}
