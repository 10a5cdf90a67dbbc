import { customer, admin, product } from '../acceptance/client.ts';

const orders = 30;
const warmUp = 5;

/** Milliseconds from placing an order until it is paid, one order after the other. */
export async function orderLatencies(
  url: string,
  administrator: { email: string; password: string },
): Promise<number[]> {
  const someone = await customer(url);
  const { sku } = await product({ stock: 1_000 }, await admin(url, administrator));
  const order = { items: [{ sku, quantity: 1 }], paymentToken: 'tok_visa' };
  const latencies: number[] = [];
  for (let n = -warmUp; n < orders; n++) {
    const begun = performance.now();
    const { status, body } = await someone.post('/v1/orders', order, { prefer: 'wait=10' });
    if (status !== 201 || body.status !== 'paid')
      throw new Error(`An order answered ${status}: ${JSON.stringify(body)}`);
    if (n >= 0) latencies.push(performance.now() - begun);
  }
  return latencies;
}

/** By the nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.ceil(share * values.length) - 1]!;
}
