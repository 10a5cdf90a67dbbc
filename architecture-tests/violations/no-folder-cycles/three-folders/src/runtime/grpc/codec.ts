export const codec = 'codec';
