CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, closed_on TEXT);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    ordered_on TEXT NOT NULL,
    amount INTEGER NOT NULL,
    channel TEXT NOT NULL,
    returned INTEGER NOT NULL DEFAULT 0
);
