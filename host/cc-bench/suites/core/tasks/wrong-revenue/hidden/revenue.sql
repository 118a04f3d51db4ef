SELECT substr(o.ordered_on, 1, 7) AS month, c.name AS customer,
       sum((SELECT coalesce(sum(i.quantity * i.unit_price), 0) FROM items i WHERE i.order_id = o.id)) AS revenue,
       sum((SELECT coalesce(sum(p.amount), 0) FROM payments p WHERE p.order_id = o.id)) AS paid
FROM orders o JOIN customers c ON c.id = o.customer_id
WHERE o.cancelled = 0
GROUP BY month, customer
ORDER BY month, customer;
