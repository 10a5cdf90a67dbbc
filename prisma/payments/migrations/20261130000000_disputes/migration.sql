-- What customers' banks took back.
INSERT INTO "payments"."ledger_accounts" ("id") VALUES ('disputes');
