import { connect } from 'node:net';

/** Sends the very bytes, lines joined by CRLF, and gives all that comes back until the server hangs up or is quiet again. */
export const sendRaw = (url: string, ...lines: string[]): Promise<string> =>
  new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(lines.join('\r\n'), 'latin1'));
    socket.on('data', (data) => {
      received += data.toString();
      socket.setTimeout(1_500, () => socket.destroy());
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });

/** The status of each answer in what came back. */
export const statusesIn = (answers: string): number[] =>
  [...answers.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
