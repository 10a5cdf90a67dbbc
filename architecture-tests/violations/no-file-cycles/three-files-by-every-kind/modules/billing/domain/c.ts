export type A = typeof import('./a.ts').a;
