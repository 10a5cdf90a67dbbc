import type { Endpoint } from '#platform/endpoint.ts';

export const peopleEndpoints: Endpoint[] = [{ url: '/v1/people/:id', handle: async () => undefined }];
