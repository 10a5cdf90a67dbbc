export const token = 'token';
