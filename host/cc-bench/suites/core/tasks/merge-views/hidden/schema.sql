CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, region TEXT);
CREATE TABLE invoices (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    amount INTEGER NOT NULL,
    due_on TEXT NOT NULL,
    paid_on TEXT,
    disputed INTEGER NOT NULL DEFAULT 0
);
-- One row: the day that reports are made for.
CREATE TABLE reporting (today TEXT NOT NULL);
