import { InMemoryTable } from '#platform/in-memory-transaction.ts';
import { Catalogue } from '../domain/catalogue.ts';
import type { NewProduct, Product, ProductChanges } from '../domain/product.ts';

export class InMemoryCatalogue extends Catalogue {
  readonly #products = new InMemoryTable<string, Product>();

  constructor(products: readonly NewProduct[] = []) {
    super();
    for (const product of products) this.#products.set(product.sku, { ...product, version: 1 });
  }

  async find(sku: string) {
    return this.#products.get(sku);
  }

  async list({ after = '', limit }: { after?: string | undefined; limit: number }) {
    const skus = [...this.#products.keys()].filter((sku) => sku > after).sort();
    return skus.slice(0, limit).map((sku) => this.#products.get(sku)!);
  }

  async add(product: NewProduct) {
    if (this.#products.has(product.sku)) return undefined;
    return this.#save({ ...product, version: 1 });
  }

  async addFirst(products: readonly NewProduct[]) {
    if (this.#products.size > 0) return false;
    for (const product of products) this.#save({ ...product, version: 1 });
    return true;
  }

  async change(sku: string, changes: ProductChanges, expectedVersion?: number) {
    const product = this.#products.get(sku);
    if (!product || (expectedVersion !== undefined && expectedVersion !== product.version)) return undefined;
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    return this.#save({ ...product, ...given, version: product.version + 1 });
  }

  /** For the orders over the same memory. */
  productsOf(skus: readonly string[]): Product[] {
    return skus.flatMap((sku) => this.#products.get(sku) ?? []);
  }

  moveStock(sku: string, by: number): void {
    const product = this.#products.get(sku);
    if (product) this.#save({ ...product, stock: product.stock + by, version: product.version + 1 });
  }

  #save(product: Product): Product {
    this.#products.set(product.sku, product);
    return product;
  }
}
