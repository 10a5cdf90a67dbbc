import type { Provider } from './bills.ts';

export interface Bill { provider: Provider }
