export abstract class Database {
  abstract readonly schema: string;
  abstract query(sql: string, values?: readonly unknown[]): Promise<{ rows: unknown[] }>;
}

export const pending = (schema: string): string => `SELECT id FROM "${schema}"."outbox" ORDER BY id`;

export const open = 'SELECT id FROM sales.sales';
