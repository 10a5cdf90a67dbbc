/** Sends requests at a given pace, whether or not earlier ones are answered: what a crowd does that nobody holds back. */
import { setImmediate as turn } from 'node:timers/promises';
import { bytesOf, Connection, type HttpRequest, isWanted } from './http-load.ts';

/** Milliseconds between two handfuls. Answers are read as often, so latencies come out longer by half of it. */
const step = 5;
const asleep = new Int32Array(new SharedArrayBuffer(4));
const mostConnections = 2_000;

export interface Offered {
  /** Requests that were sent. */
  readonly sent: number;
  /** Milliseconds of each answer that was the wanted one. */
  readonly latencies: readonly number[];
  /** Seconds of Retry-After of each 503. */
  readonly refused: readonly number[];
  /** Requests that were neither, or found no free connection. */
  readonly lost: number;
}

export class OpenLoad implements Disposable {
  readonly #requests: readonly { readonly wanted: HttpRequest; readonly bytes: Buffer }[];
  readonly #place: { readonly hostname: string; readonly port: number };
  readonly #all: Connection[] = [];
  readonly #idle: Connection[] = [];

  /** All requests go to the same server. */
  constructor(requests: readonly [HttpRequest, ...HttpRequest[]]) {
    this.#requests = requests.map((wanted) => ({ wanted, bytes: bytesOf(wanted) }));
    const { hostname, port } = new URL(requests[0].url);
    this.#place = { hostname, port: Number(port) };
  }

  /** `perSecond` requests for `milliseconds`, and then until all are answered. */
  async run(perSecond: number, milliseconds: number): Promise<Offered> {
    const offered = { sent: 0, latencies: [] as number[], refused: [] as number[], lost: 0 };
    const underWay: Promise<void>[] = [];
    const begun = performance.now();
    for (let elapsed = 0; elapsed < milliseconds; elapsed = performance.now() - begun) {
      while (offered.sent < (elapsed / 1_000) * perSecond) {
        offered.sent++;
        underWay.push(this.#send(offered));
      }
      // Asleep and not waiting for events: being woken for each answer would take as much from the server as answering.
      Atomics.wait(asleep, 0, 0, step);
      await turn();
    }
    await Promise.all(underWay);
    return offered;
  }

  async #send(offered: { latencies: number[]; refused: number[]; lost: number }): Promise<void> {
    const connection = this.#idle.pop() ?? this.#connect();
    if (!connection) return void offered.lost++;
    const { wanted, bytes } = this.#requests[Math.floor(Math.random() * this.#requests.length)]!;
    const sent = performance.now();
    try {
      const answer = await connection.send(bytes);
      this.#idle.push(connection);
      const retryAfter = /^HTTP\/1\.1 503 [^]*\r\nretry-after: *(\d+)/i.exec(answer)?.[1];
      if (isWanted(answer, wanted)) offered.latencies.push(performance.now() - sent);
      else if (retryAfter !== undefined) offered.refused.push(Number(retryAfter));
      else offered.lost++;
    } catch {
      offered.lost++;
    }
  }

  #connect(): Connection | undefined {
    if (this.#all.length >= mostConnections) return undefined;
    const connection = new Connection(this.#place.hostname, this.#place.port);
    this.#all.push(connection);
    return connection;
  }

  [Symbol.dispose](): void {
    for (const connection of this.#all) connection.close();
  }
}
