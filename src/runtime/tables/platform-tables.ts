// ADR 0015
/** The tables that the migrations beside this file make in every module's schema, and the record of them. */
export const platformTables = [
  'outbox',
  'inbox',
  'sagas',
  'mails',
  'schedules',
  'idempotency_keys',
  'audit_log',
  '_platform_migrations',
] as const;
