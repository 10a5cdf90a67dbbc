export const load = () => import('./c.ts');
