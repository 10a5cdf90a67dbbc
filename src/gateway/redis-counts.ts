/** Counts that several gateways share, in Redis. While it is away, each counts for itself: nobody is refused for it. */
import { createClient } from '@redis/client';
import {
  RateLimiterMemory,
  RateLimiterRedis,
  RLWrapperTimeouts,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import type { Logger } from '#platform/logger.ts';

/** Milliseconds. */
const connectWithin = 2_000;
const answerWithin = 100;
const askEvery = 500;
const deafAfter = 1_500;
const reconnectWithin = 1_000;

export interface CountOptions {
  /** So many in each period. */
  readonly points: number;
  /** Seconds. */
  readonly duration: number;
}

type Client = ReturnType<typeof clientOf>;

export class RedisCounts {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** Rejects when Redis is not there or lets nobody in; later it may go and come back. */
  static async connect(url: string, logger: Logger): Promise<RedisCounts> {
    let started = false;
    let away = false;
    const client = clientOf(url, () => started);
    client.on('error', (error: unknown) => {
      if (!started || away) return;
      away = true;
      logger.warn('Redis is away. Until it is back, requests are counted by this process alone.', { error });
    });
    client.on('ready', () => {
      if (away) logger.info('Redis is back.');
      away = false;
    });
    await client.connect();
    started = true;
    return new RedisCounts(client);
  }

  limiter({ points, duration }: CountOptions, keyPrefix: string): RateLimiterAbstract {
    const limiter = new RateLimiterRedis({
      storeClient: this.#client,
      useRedisPackage: true,
      rejectIfRedisNotReady: true,
      keyPrefix,
      points,
      duration,
      insuranceLimiter: new RateLimiterMemory({ points, duration }),
    });
    return new RLWrapperTimeouts({ limiter, timeoutMs: answerWithin });
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }
}

/** A first connection that fails is not tried again; later ones are, for ever. */
const clientOf = (url: string, started: () => boolean) =>
  createClient({
    url,
    // A request that Redis cannot count at once is counted here.
    disableOfflineQueue: true,
    pingInterval: askEvery,
    socket: {
      connectTimeout: connectWithin,
      socketTimeout: deafAfter,
      reconnectStrategy: (tries) => (started() ? Math.min(reconnectWithin, 50 * 2 ** tries) : false),
    },
  });
