export const load = (name: string) => import(name);
import express from 'express';
import type { Endpoint } from '#platform/endpoint.ts';

export function listen(endpoints: readonly Endpoint[]): void {
  const app = express();
  for (const { url } of endpoints) app.get(url, (_, response) => void response.end());
}
