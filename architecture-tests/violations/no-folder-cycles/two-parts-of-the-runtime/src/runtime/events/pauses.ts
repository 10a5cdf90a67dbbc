export const pause = 100;
