import type { z } from 'zod';
import type { Product as ProductSchema } from '../contract.ts';

export type Product = Readonly<z.output<typeof ProductSchema>>;
export type NewProduct = Omit<Product, 'version'>;
/** A partial update: absent fields stay as they are. */
export type ProductChanges = { readonly [Field in Exclude<keyof NewProduct, 'sku'>]?: NewProduct[Field] | undefined };
