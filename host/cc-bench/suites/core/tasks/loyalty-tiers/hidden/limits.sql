INSERT INTO customers VALUES (1, 'gold', NULL), (2, 'almost gold', NULL), (3, 'silver', NULL), (4, 'almost silver', NULL);
INSERT INTO orders VALUES (1, 1, '2025-01-01', 50000, 'premium', 0), (2, 2, '2025-06-01', 99999, 'web', 0), (3, 3, '2025-06-01', 25000, 'web', 0), (4, 4, '2025-06-01', 12499, 'premium', 0);
