/** Asks whether the gateway, and all it leads to, can be used. */
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { StartupError } from '../startup-error.ts';

const pollInterval = 100;

const Readiness = z.object({
  checks: z.array(z.object({ name: z.string(), status: z.string(), reason: z.string().optional() })),
  details: z.record(z.string(), z.unknown()).default({}),
});
/** How many processes behind the gateway are ready, of how many. */
const Upstream = z.object({ ready: z.number(), processes: z.number() });

/**
 * Resolves when the gateway says that it and all behind it are ready; rejects after `patience` milliseconds with what is
 * missing. To a gateway, one whose modules are away is ready all the same; a start is complete with all of them.
 */
export async function waitUntilReady(url: string, patience: number): Promise<void> {
  let last = 'it does not answer';
  for (const deadline = performance.now() + patience; performance.now() < deadline; await sleep(pollInterval)) {
    try {
      const { status, body } = await ask(`${url}/readyz`);
      const absent = missing(body);
      if (status === 200 && absent === undefined) return;
      last = absent ?? `it answers ${status}`;
    } catch (error) {
      last = (error as Error).message;
    }
  }
  throw new StartupError(`The gateway at ${url} is not ready after ${patience / 1000} s: ${last}.`);
}

function ask(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    // A process of our own, on this machine; its certificate is for those who come from elsewhere.
    const get = url.startsWith('https:')
      ? (to: string) => getHttps(to, { rejectUnauthorized: false, agent: false })
      : getHttp;
    const request = get(url).once('error', reject);
    request.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body })).once('error', reject);
    });
    request.setTimeout(5_000, () => request.destroy(new Error('it does not answer')));
  });
}

/** Undefined where the answer says nothing of the kind. */
function missing(body: string): string | undefined {
  try {
    const { checks, details } = Readiness.parse(JSON.parse(body));
    const failed = checks
      .filter(({ status }) => status !== 'ok')
      .map(({ name, reason }) => `${name} fails (${reason ?? 'no reason given'})`);
    const away = Object.entries(details).flatMap(([name, detail]) => {
      const { data } = Upstream.safeParse(detail);
      return data && data.ready < data.processes
        ? [`${name} is reached at ${data.ready} of ${data.processes} addresses`]
        : [];
    });
    return [...failed, ...away].join(', ') || undefined;
  } catch {
    return undefined;
  }
}
