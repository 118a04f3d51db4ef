INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bo');
INSERT INTO orders VALUES (10, 1, '2026-01-05', 0), (11, 2, '2026-02-09', 0), (12, 2, '2026-02-10', 1);
INSERT INTO items VALUES (10, 'pen', 2, 150), (11, 'ink', 1, 900), (12, 'pen', 9, 150);
INSERT INTO payments VALUES (10, '2026-01-06', 300), (11, '2026-02-12', 900);
