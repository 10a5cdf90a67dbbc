-- Monthly.
SELECT count(*)
FROM billing.bills;
