export const schema = { _zod: {} };
