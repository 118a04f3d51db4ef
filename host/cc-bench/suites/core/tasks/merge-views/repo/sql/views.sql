CREATE VIEW overdue_by_customer AS
SELECT c.name AS customer, count(*) AS invoices, sum(i.amount) AS amount
FROM invoices i
JOIN customers c ON c.id = i.customer_id
CROSS JOIN reporting r
WHERE i.disputed = 0
  AND i.due_on < r.today
  AND (i.paid_on IS NULL OR i.paid_on > r.today)
GROUP BY c.id;

CREATE VIEW overdue_by_region AS
SELECT coalesce(c.region, 'unknown') AS region, sum(i.amount) AS amount
FROM invoices i
JOIN customers c ON c.id = i.customer_id
CROSS JOIN reporting r
WHERE i.disputed = 0
  AND i.due_on < r.today
  AND (i.paid_on IS NULL OR i.paid_on > r.today)
GROUP BY coalesce(c.region, 'unknown');

CREATE VIEW worst_debtor AS
SELECT c.name AS customer, sum(i.amount) AS amount
FROM invoices i
JOIN customers c ON c.id = i.customer_id
CROSS JOIN reporting r
WHERE i.disputed = 0
  AND i.due_on < r.today
  AND (i.paid_on IS NULL OR i.paid_on > r.today)
GROUP BY c.id
ORDER BY sum(i.amount) DESC, c.name
LIMIT 1;
