import { Router } from 'express';
import type { Endpoint } from '#platform/endpoint.ts';
import { SalesErrors } from '../contract.ts';

export const salesEndpoints: Endpoint[] = [
  {
    url: '/v1/sales',
    handle: async () => {
      throw SalesErrors.unknownBuyer();
    },
  },
];
