import type { Endpoint } from '#platform/http/endpoint.ts';

export const billingEndpoints: Endpoint[] = [{ url: '/v1/bills', handle: async () => undefined }];
