/** Clients as they should be: a request that is refused for now, with 503 and Retry-After, is sent again when that time has passed. */
import { setTimeout as sleep } from 'node:timers/promises';

interface Answer {
  readonly status: number;
  readonly headers: Headers | Record<string, string>;
}

/** A 503 that does not say when to come back is an answer like any other. */
export async function whenTaken<Got extends Answer>(send: () => PromiseLike<Got>): Promise<Got> {
  for (;;) {
    const answer = await send();
    const retryAfter = new Headers(answer.headers).get('retry-after');
    if (answer.status !== 503 || retryAfter === null) return answer;
    await sleep(Number(retryAfter) * 1_000);
  }
}
