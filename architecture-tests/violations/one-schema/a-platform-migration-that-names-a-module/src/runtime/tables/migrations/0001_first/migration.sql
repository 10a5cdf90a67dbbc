CREATE TABLE outbox (id uuid PRIMARY KEY);
ALTER TABLE sales.sales ADD COLUMN announced boolean;
