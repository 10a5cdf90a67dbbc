import { expect, it } from 'vitest';
import { summaryOf } from './statement-span.ts';

it.each([
  ['BEGIN', 'BEGIN', undefined],
  ['COMMIT', 'COMMIT', undefined],
  ['select 1', 'SELECT', undefined],
  ['SELECT "public"."books"."id" FROM "public"."books" WHERE "id" = $1', 'SELECT', 'books'],
  ['select * from only stock where sku = $1 for no key update', 'SELECT', 'stock'],
  ['with behind as (select 1 from inbox)\ninsert into inbox (id) select $1 from behind', 'INSERT', 'inbox'],
  ['insert into people (id) values ($1) on conflict (id) do update set id = $1', 'INSERT', 'people'],
  ['update sagas set state = $1 where name in (select name from due)', 'UPDATE', 'sagas'],
  ['DELETE FROM "sessions" WHERE "id" = $1', 'DELETE', 'sessions'],
  ['SAVEPOINT nested_1', 'SAVEPOINT', undefined],
])('the statement %s is called %s of %s', (text, operation, table) => {
  expect(summaryOf(text)).toEqual({ operation, ...(table !== undefined && { table }) });
});
