export const messages: string[] = [];
