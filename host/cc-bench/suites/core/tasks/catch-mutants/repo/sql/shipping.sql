CREATE VIEW shipping AS
SELECT id,
       CASE
           WHEN island = 0 AND order_value >= 10000 THEN 0
           ELSE CASE WHEN grams <= 1000 THEN 400 WHEN grams <= 5000 THEN 700 ELSE 1200 END
                * CASE island WHEN 1 THEN 3 ELSE 2 END / 2
       END AS fee
FROM parcels;
