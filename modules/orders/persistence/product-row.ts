import type { NewProduct, Product, ProductChanges } from '../domain/product.ts';

export interface ProductRow {
  readonly sku: string;
  readonly name: string;
  readonly price: number | bigint;
  readonly currency: string;
  readonly available: number | bigint;
  readonly version: number;
}

export const productFrom = (row: ProductRow): Product => ({
  sku: row.sku,
  name: row.name,
  price: { amount: Number(row.price), currency: row.currency as Product['price']['currency'] },
  stock: Number(row.available),
  version: row.version,
});

export const rowOf = ({ sku, name, price, stock }: NewProduct) => ({
  sku,
  name,
  price: price.amount,
  currency: price.currency,
  available: stock,
});

/** The columns of what is given. */
export const columnsOf = ({ name, price, stock }: ProductChanges) => ({
  ...(name !== undefined && { name }),
  ...(price !== undefined && { price: price.amount, currency: price.currency }),
  ...(stock !== undefined && { available: stock }),
});
