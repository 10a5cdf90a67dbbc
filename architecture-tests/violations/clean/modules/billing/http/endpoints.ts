import type { Endpoint } from '#platform/endpoint.ts';

export const billingEndpoints: Endpoint[] = [{ url: '/v1/bills', handle: async () => undefined }];
