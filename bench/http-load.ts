/**
 * Sends the same request over a few kept-alive connections, each waiting for its answer before it sends again.
 * Written on bare sockets: on a machine with two cores a client library would cost as much as the server measured.
 */
import { connect, type Socket } from 'node:net';

export interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What counts as success. */
  readonly status: number;
}

export interface LoadResult {
  readonly answers: number;
  /** Milliseconds of each answer, in no order. */
  readonly latencies: readonly number[];
}

export class HttpLoad {
  readonly #request: HttpRequest;
  readonly #connections: Connection[];

  constructor(request: HttpRequest, connections: number) {
    this.#request = request;
    this.#connections = Array.from({ length: connections }, () => new Connection(request));
  }

  /** Sends for `milliseconds` and waits for the last answers. Rejects when an answer is not what was wanted. */
  async run(milliseconds: number): Promise<LoadResult> {
    const end = performance.now() + milliseconds;
    const latencies: number[] = [];
    await Promise.all(
      this.#connections.map(async (connection) => {
        while (performance.now() < end) {
          const sent = performance.now();
          const status = await connection.send();
          if (status !== this.#request.status) throw new Error(`${this.#request.url} answered ${status}: ${connection.lastAnswer}`);
          latencies.push(performance.now() - sent);
        }
      }),
    );
    return { answers: latencies.length, latencies };
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

class Connection {
  readonly #bytes: Buffer;
  readonly #socket: Socket;
  #received = '';
  #answered: ((status: number) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;
  lastAnswer = '';

  constructor({ url, method = 'GET', headers = {}, body = '' }: HttpRequest) {
    const { hostname, port, pathname, search } = new URL(url);
    const lines = [
      `${method} ${pathname}${search} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(body ? ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`] : []),
    ];
    this.#bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
    this.#socket = connect(Number(port), hostname).setNoDelay();
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (data: string) => this.#read(data));
    this.#socket.on('error', (error) => this.#failed?.(error));
    this.#socket.on('close', () => this.#failed?.(new Error('The server closed the connection.')));
  }

  send(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#socket.write(this.#bytes);
    });
  }

  #read(data: string): void {
    this.#received += data;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#received.slice(0, head))?.[1];
    if (length === undefined) return void this.#failed?.(new Error('The answer has no Content-Length.'));
    if (this.#received.length < head + 4 + Number(length)) return;
    this.lastAnswer = this.#received;
    this.#received = '';
    this.#answered?.(Number(this.lastAnswer.slice(9, 12)));
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }
}
