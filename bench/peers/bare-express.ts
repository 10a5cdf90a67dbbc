/** The least that answers `GET /v1/orders/{id}` with Express and pg: no token, no checks, no log, no metrics. */
import express from 'express';
import pg from 'pg';
import { findOrder } from '../../modules/orders/persistence/order-statements.ts';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, options: '-c search_path=orders', max: 10 });

const app = express();
app.get('/v1/orders/:id', async (request, response) => {
  const { rows } = await pool.query({ name: 'order', text: findOrder, values: [request.params.id, null] });
  response.json(rows[0]);
});
app.get('/readyz', async (_request, response) => {
  await pool.query('SELECT 1');
  response.end();
});
app.listen(Number(process.env.PORT), process.env.HOST!);
