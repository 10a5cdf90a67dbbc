import type { InputOf } from '#platform/contract.ts';
import type { OrdersApi } from '../contract.ts';

const eur = (amount: number) => ({ amount, currency: 'EUR' as const });

/** A small shop to try things out with. One product is sold out, and one is down to its last three. */
export const demoProducts: readonly InputOf<typeof OrdersApi.addProduct>[] = [
  { sku: 'mug-blue', name: 'Blue stoneware mug', price: eur(1490), stock: 120 },
  { sku: 'mug-white', name: 'White stoneware mug', price: eur(1490), stock: 80 },
  { sku: 'teapot-iron', name: 'Cast-iron teapot, 1.2 l', price: eur(5900), stock: 24 },
  { sku: 'tea-assam', name: 'Assam, loose leaf, 250 g', price: eur(1150), stock: 200 },
  { sku: 'tea-sencha', name: 'Sencha, loose leaf, 100 g', price: eur(1380), stock: 150 },
  { sku: 'coffee-beans', name: 'Coffee beans from Huehuetenango, 500 g', price: eur(1690), stock: 180 },
  { sku: 'grinder-hand', name: 'Hand grinder with steel burrs', price: eur(8950), stock: 15 },
  { sku: 'filter-papers', name: 'Filter papers, 100 sheets', price: eur(390), stock: 500 },
  { sku: 'kettle-gooseneck', name: 'Gooseneck kettle, 0.8 l', price: eur(7400), stock: 18 },
  { sku: 'tray-oak', name: 'Oak serving tray', price: eur(4200), stock: 3 },
  { sku: 'honey-heather', name: 'Heather honey, 350 g', price: eur(980), stock: 90 },
  { sku: 'cup-kintsugi', name: 'Cup mended with gold', price: eur(24_000), stock: 0 },
];
