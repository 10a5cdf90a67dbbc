/**
 * Sends requests over a few kept-alive connections, each waiting for its answer before it sends the next one.
 * Written on bare sockets: on a machine with two cores a client library would cost as much as the server measured.
 */
import { connect, type Socket } from 'node:net';

export interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The status that counts as success. */
  readonly status: number;
  /** A text that the answer must contain. */
  readonly contains?: string;
}

export interface LoadResult {
  readonly answers: number;
  /** Milliseconds of each answer, in no order. */
  readonly latencies: readonly number[];
}

export class HttpLoad implements Disposable {
  readonly #requests: readonly { readonly wanted: HttpRequest; readonly bytes: Buffer }[];
  readonly #connections: Connection[];

  /** Every time any one of `requests` is sent; all go to the same server. */
  constructor(requests: readonly [HttpRequest, ...HttpRequest[]], connections: number) {
    this.#requests = requests.map((wanted) => ({ wanted, bytes: bytesOf(wanted) }));
    const { hostname, port } = new URL(requests[0].url);
    this.#connections = Array.from({ length: connections }, () => new Connection(hostname, Number(port)));
  }

  /** Sends for `milliseconds` and waits for the last answers. Rejects when an answer is not what was wanted. */
  async run(milliseconds: number): Promise<LoadResult> {
    const end = performance.now() + milliseconds;
    const latencies: number[] = [];
    await Promise.all(
      this.#connections.map(async (connection) => {
        while (performance.now() < end) {
          const { wanted, bytes } = this.#requests[Math.floor(Math.random() * this.#requests.length)]!;
          const sent = performance.now();
          const answer = await connection.send(bytes);
          latencies.push(performance.now() - sent);
          if (!isWanted(answer, wanted)) throw new Error(`${wanted.url} answered: ${answer}`);
        }
      }),
    );
    return { answers: latencies.length, latencies };
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
  }
}

export function bytesOf({ url, method = 'GET', headers = {}, body = '' }: HttpRequest): Buffer {
  const { host, pathname, search } = new URL(url);
  const lines = [
    `${method} ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body ? ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`] : []),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

export const isWanted = (answer: string, { status, contains = '' }: HttpRequest) =>
  Number(answer.slice(9, 12)) === status && answer.includes(contains);

export class Connection {
  readonly #socket: Socket;
  #received = '';
  #answered: ((answer: string) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  constructor(hostname: string, port: number) {
    this.#socket = connect(port, hostname).setNoDelay();
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (data: string) => this.#read(data));
    this.#socket.on('error', (error) => this.#failed?.(error));
    this.#socket.on('close', () => this.#failed?.(new Error('The server closed the connection.')));
  }

  send(request: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#socket.write(request);
    });
  }

  #read(data: string): void {
    this.#received += data;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#received.slice(0, head))?.[1];
    if (length === undefined) return void this.#failed?.(new Error('The answer has no Content-Length.'));
    if (this.#received.length < head + 4 + Number(length)) return;
    const answer = this.#received;
    this.#received = '';
    this.#answered?.(answer);
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }
}
