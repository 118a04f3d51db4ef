-- Revenue and payments by month and customer; see README.md.
SELECT substr(o.ordered_on, 1, 7)          AS month,
       c.name                              AS customer,
       sum(i.quantity * i.unit_price)      AS revenue,
       coalesce(sum(p.amount), 0)          AS paid
FROM orders o
JOIN customers c ON c.id = o.customer_id
JOIN items i ON i.order_id = o.id
LEFT JOIN payments p ON p.order_id = o.id
WHERE o.cancelled = 0
GROUP BY month, customer
ORDER BY month, customer;
