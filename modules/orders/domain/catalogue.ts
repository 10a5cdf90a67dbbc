import type { NewProduct, Product, ProductChanges } from './product.ts';

/** The products on sale. A product's version rises with every change to it, those of its stock included. */
export abstract class Catalogue {
  abstract find(sku: string): Promise<Product | undefined>;

  /** By SKU, at most `limit` of those behind the SKU `after`. */
  abstract list(page: { after?: string | undefined; limit: number }): Promise<Product[]>;

  /** Answers undefined where the SKU is taken. */
  abstract add(product: NewProduct): Promise<Product | undefined>;

  /** Adds all of them to a catalogue that is empty, and nothing to another one. Answers whether it did. */
  abstract addFirst(products: readonly NewProduct[]): Promise<boolean>;

  /** Answers undefined where there is no such product, or not in the version that the caller expects. */
  abstract change(sku: string, changes: ProductChanges, expectedVersion?: number): Promise<Product | undefined>;
}
