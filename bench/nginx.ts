/** nginx as a reverse proxy, as it would stand before the program: connections kept, requests logged. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../tests/support/running-program.ts';
import { childrenOf, cpuTimeOf } from './cpu-time.ts';
import { atExit } from './server.ts';

export interface ReverseProxy extends AsyncDisposable {
  readonly url: string;
  /** CPU time of all its processes, in microseconds. */
  cpuTime(): number;
}

/** One worker, as the program is one process. */
const configuration = (folder: string, port: number, upstream: string) => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx-error.log;
events { worker_connections 1024; }
http {
  access_log ${folder}/nginx-access.log;
  client_body_temp_path ${folder}/nginx-body;
  proxy_temp_path ${folder}/nginx-proxy;
  fastcgi_temp_path ${folder}/nginx-fastcgi;
  uwsgi_temp_path ${folder}/nginx-uwsgi;
  scgi_temp_path ${folder}/nginx-scgi;
  keepalive_requests 1000000000;
  upstream program {
    server ${new URL(upstream).host};
    keepalive 64;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://program;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Request-Id $request_id;
    }
  }
}
`;

/** Undefined where nginx is not installed. */
export async function startNginx(folder: string, upstream: string): Promise<ReverseProxy | undefined> {
  if (spawnSync('nginx', ['-v']).error) return undefined;
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(folder, port, upstream));
  const child = spawn('nginx', ['-p', folder, '-e', join(folder, 'nginx-error.log'), '-c', file], { stdio: 'ignore' });
  const forget = atExit(() => child.kill('SIGTERM'));
  const url = `http://127.0.0.1:${port}`;
  while (
    !(await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}; see ${folder}/nginx-error.log.`);
    await sleep(20);
  }
  return {
    url,
    cpuTime: () => [child.pid!, ...childrenOf(child.pid!)].reduce((total, pid) => total + cpuTimeOf(pid), 0),
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit');
      child.kill('SIGQUIT');
      await exit;
      forget();
    },
  };
}
