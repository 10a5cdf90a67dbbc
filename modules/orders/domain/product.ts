import type { z } from 'zod';
import type { Product as ProductSchema } from '../contract.ts';

export type Product = Readonly<z.output<typeof ProductSchema>>;
export type NewProduct = Omit<Product, 'version'>;
/** What is absent stays as it is. */
export type ProductChanges = { readonly [Field in Exclude<keyof NewProduct, 'sku'>]?: NewProduct[Field] | undefined };
