/** grpc.health.v1 (https://github.com/grpc/grpc/blob/master/doc/health-checking.md): of the process, and of each service. */
import {
  type sendUnaryData,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  status as Code,
} from '@grpc/grpc-js';
import { builtInService } from './built-in-service.ts';

export const healthProto = `
syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
message HealthListRequest {}
message HealthListResponse { map<string, HealthCheckResponse> statuses = 1; }
service Health {
  rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
  rpc List(HealthListRequest) returns (HealthListResponse);
  rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse);
}
`;

const serving = 1;
const notServing = 2;
const serviceUnknown = 3;
/** Milliseconds between two looks on behalf of those who watch. */
const lookEvery = 1_000;

interface Question {
  service: string;
}
interface Answer {
  status: number;
}

export class HealthService {
  readonly #services: ReadonlySet<string>;
  readonly #healthy: () => Promise<boolean>;
  readonly #watchers = new Map<ServerWritableStream<Question, Answer>, number>();
  readonly #timer: NodeJS.Timeout;
  #closing = false;

  /** `services` by their full names. */
  constructor(services: readonly string[], healthy: () => Promise<boolean>) {
    this.#services = new Set(['', ...services]);
    this.#healthy = healthy;
    this.#timer = setInterval(() => void this.#tellAll(), lookEvery).unref();
  }

  addTo(server: Server): void {
    server.addService(builtInService(healthProto, 'grpc.health.v1.Health'), {
      Check: (call: ServerUnaryCall<Question, Answer>, reply: sendUnaryData<Answer>) =>
        void this.#check(call.request.service, reply),
      List: (_: unknown, reply: sendUnaryData<{ statuses: Record<string, Answer> }>) => void this.#list(reply),
      Watch: (call: ServerWritableStream<Question, Answer>) => {
        this.#watchers.set(call, -1);
        call.on('cancelled', () => this.#watchers.delete(call));
        void this.#tell(call);
      },
    });
  }

  /** Serves nothing from now on: watchers hear it now, and are not waited for. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    await this.#tellAll();
    for (const watcher of this.#watchers.keys()) watcher.end();
  }

  async #status(): Promise<number> {
    return !this.#closing && (await this.#healthy().catch(() => false)) ? serving : notServing;
  }

  async #check(service: string, reply: sendUnaryData<Answer>): Promise<void> {
    if (this.#services.has(service)) reply(null, { status: await this.#status() });
    else reply({ code: Code.NOT_FOUND, details: 'There is no such service here.' });
  }

  async #list(reply: sendUnaryData<{ statuses: Record<string, Answer> }>): Promise<void> {
    const status = await this.#status();
    reply(null, { statuses: Object.fromEntries([...this.#services].map((service) => [service, { status }])) });
  }

  async #tell(watcher: ServerWritableStream<Question, Answer>): Promise<void> {
    const status = this.#services.has(watcher.request.service) ? await this.#status() : serviceUnknown;
    if (this.#watchers.get(watcher) === status || !this.#watchers.has(watcher)) return;
    this.#watchers.set(watcher, status);
    watcher.write({ status });
  }

  async #tellAll(): Promise<void> {
    await Promise.all([...this.#watchers.keys()].map((watcher) => this.#tell(watcher)));
  }
}
