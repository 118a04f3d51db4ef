CREATE TEMP TABLE expected (id INTEGER PRIMARY KEY, fee INTEGER NOT NULL);
INSERT INTO parcels VALUES (1, 1000, 100, 0), (2, 1001, 100, 0), (3, 5000, 100, 0), (4, 5001, 100, 0), (5, NULL, 100, 0),
    (6, 1000, 100, 1), (7, 5000, 100, 1), (8, 5001, 100, 1), (9, 1000, 10000, 0), (10, 1000, 9999, 0), (11, 1000, 10000, 1), (12, NULL, 100, 1);
INSERT INTO expected VALUES (1, 400), (2, 700), (3, 700), (4, 1200), (5, 1200), (6, 600), (7, 1050), (8, 1800), (9, 0), (10, 400), (11, 600), (12, 1800);
SELECT e.id, e.fee AS expected, s.fee FROM expected e LEFT JOIN shipping s USING (id) WHERE s.fee IS NOT e.fee;
