export const name = 'postgres';
