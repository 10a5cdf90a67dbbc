/** Redis for tests: a real one, where TEST_REDIS_URL says that there is one. */
const { TEST_REDIS_URL, REQUIRE_SERVICES } = process.env;
const need = 'needs Redis: set TEST_REDIS_URL to redis://...';
export const noRedis = !TEST_REDIS_URL;
if (noRedis && REQUIRE_SERVICES === '1') throw new Error(`A test ${need}`);

/** Behind the name of tests: what they need, where they are skipped. */
export const needsRedis = noRedis ? ` (${need})` : '';

export const redisUrl = TEST_REDIS_URL ?? 'redis://127.0.0.1:6379';
