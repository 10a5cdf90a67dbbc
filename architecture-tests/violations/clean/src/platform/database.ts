export abstract class Database {
  abstract readonly schema: string;
  abstract query(sql: string, values?: readonly unknown[]): Promise<{ rows: unknown[] }>;

  pending(): Promise<{ rows: unknown[] }> {
    return this.query(`SELECT id FROM "${this.schema}"."outbox" ORDER BY id`);
  }
}
