import type { Clock } from '#platform/clock.ts';
import type { Endpoint } from '#platform/endpoint.ts';

export const salesEndpoints = (clock: Clock): Endpoint[] => [
  { url: '/v1/sales', handle: async () => void clock.now() },
];
