INSERT INTO customers VALUES (1, 'Ada', NULL), (2, 'Bo', NULL), (3, 'Cy', NULL);
INSERT INTO orders VALUES (1, 1, '2025-03-01', 60050, 'web', 0), (2, 1, '2025-04-01', 30099, 'premium', 0), (3, 2, '2026-01-01', 25100, 'shop', 0), (4, 3, '2026-01-02', 4999, 'web', 0), (5, 3, '2026-01-03', 4999, 'web', 0);
