import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** A TCP connection that can be slow or break, between a client and a server on this machine. */
export interface TcpLink {
  readonly port: number;
  /** Milliseconds that everything takes on the way to the server; the way back takes none. */
  delay: number;
  /** How often a client said something after it had heard something. */
  readonly exchanges: number;
  /** From now on, a client that sends `text` is cut off when the server has it, before it hears of it. */
  cutWhenSent(text: string): void;
  /** Breaks every connection there is; `refuse` refuses new ones too, until `accept`. */
  breakAll(): void;
  refuse(): void;
  accept(): void;
  close(): Promise<void>;
}

const timeToAct = 50;

export async function tcpLink(target: { host: string; port: number }, ownPort = 0): Promise<TcpLink> {
  const sockets = new Set<Socket>();
  let deadly: string | undefined;
  let refusing = false;
  let delay = 0;
  let exchanges = 0;
  let answered = true;
  const server = createServer((client) => {
    if (refusing) return void client.destroy();
    const upstream = connect(target);
    const both = [client, upstream] as const;
    const breakBoth = () => both.forEach((socket) => socket.destroy());
    for (const socket of both) {
      socket.setNoDelay(true);
      sockets.add(
        socket
          .on('error', breakBoth)
          .on('close', breakBoth)
          .once('close', () => sockets.delete(socket)),
      );
    }
    let deaf = false;
    client.on('data', (data) => {
      if (answered) exchanges++;
      answered = false;
      if (deadly !== undefined && data.includes(deadly)) {
        deaf = true;
        setTimeout(breakBoth, timeToAct);
      }
      if (delay > 0) setTimeout(() => upstream.write(data), delay);
      else upstream.write(data);
    });
    upstream.on('data', (data) => {
      answered = true;
      if (!deaf) client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(ownPort, '127.0.0.1', resolve));
  const breakAll = () => sockets.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as AddressInfo).port,
    get exchanges() {
      return exchanges;
    },
    get delay() {
      return delay;
    },
    set delay(milliseconds) {
      delay = milliseconds;
    },
    cutWhenSent: (text) => void (deadly = text),
    breakAll,
    refuse: () => void (refusing = true),
    accept: () => void (refusing = false),
    close: () => {
      breakAll();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
