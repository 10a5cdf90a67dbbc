export const verify = () => import('../calls/limits.ts');
