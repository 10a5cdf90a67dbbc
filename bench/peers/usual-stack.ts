/**
 * `GET /v1/orders/{id}` as an Express API usually has it, with what ours does on the way: security headers, CORS,
 * compression, a limit on requests, the token, an access line with the request's id, metrics, and a checked path.
 */
import { createPublicKey, randomUUID } from 'node:crypto';
import compression from 'compression';
import cors from 'cors';
import express, { type Request } from 'express';
import { expressjwt } from 'express-jwt';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import morgan from 'morgan';
import pg from 'pg';
import { collectDefaultMetrics, Histogram, register } from 'prom-client';
import { z } from 'zod';
import { orderFrom, type OrderRow } from '../../modules/orders/persistence/order-row.ts';
import { findOrder } from '../../modules/orders/persistence/order-statements.ts';

const { DATABASE_URL, TOKEN_KEY, TOKEN_ISSUER, TOKEN_AUDIENCE, CORS_ORIGIN, HOST, PORT } = process.env as Record<
  string,
  string
>;
const pool = new pg.Pool({ connectionString: DATABASE_URL!, options: '-c search_path=orders', max: 10 });
const secret = createPublicKey({ key: JSON.parse(TOKEN_KEY!), format: 'jwk' });
const durations = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Requests.',
  labelNames: ['method', 'route', 'status'],
});
collectDefaultMetrics();

interface Asked extends Request {
  id?: string;
  auth?: { readonly sub: string };
}

const line = (tokens: morgan.TokenIndexer<Asked, express.Response>, request: Asked, response: express.Response) =>
  JSON.stringify({
    time: new Date(),
    level: 'info',
    message: `${request.method} ${request.route?.path} ${response.statusCode}`,
    milliseconds: Number(tokens['response-time']!(request, response)),
    bytes: Number(response.getHeader('content-length')),
    requestId: request.id,
    principal: request.auth?.sub,
    address: request.ip,
    userAgent: request.headers['user-agent'],
  });

const app = express().disable('x-powered-by');
app.use((request: Asked, response, next) => {
  request.id = randomUUID();
  response.setHeader('X-Request-Id', request.id);
  const stop = durations.startTimer();
  response.once('finish', () =>
    stop({ method: request.method, route: request.route?.path, status: response.statusCode }),
  );
  next();
});
app.use(morgan<Asked, express.Response>(line));
app.use(helmet(), cors({ origin: CORS_ORIGIN! }), compression());
app.get('/readyz', async (_request, response) => {
  await pool.query('SELECT 1');
  response.end();
});
app.get(
  '/metrics',
  async (_request, response) => void response.type(register.contentType).send(await register.metrics()),
);
app.use(rateLimit({ windowMs: 60_000, limit: 1_000_000_000, standardHeaders: 'draft-8', legacyHeaders: false }));
app.use(expressjwt({ secret, algorithms: ['RS256'], issuer: TOKEN_ISSUER!, audience: TOKEN_AUDIENCE! }));

const Path = z.object({ id: z.uuid() });
app.get('/v1/orders/:id', async (request: Asked, response) => {
  const { id } = Path.parse(request.params);
  const { rows } = await pool.query<OrderRow>({ name: 'order', text: findOrder, values: [id, request.auth!.sub] });
  if (rows[0] === undefined) return void response.status(404).json({ message: 'There is no such order.' });
  response.json(orderFrom(rows[0]));
});
app.listen(Number(PORT), HOST!);
