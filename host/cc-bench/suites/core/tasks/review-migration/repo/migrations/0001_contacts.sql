CREATE TABLE contacts (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE
);

CREATE TABLE plans (
    code TEXT PRIMARY KEY,
    title TEXT NOT NULL
);

-- `plan` may be empty: some contacts were imported before there were plans.
CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY,
    contact_id INTEGER NOT NULL REFERENCES contacts (id),
    plan TEXT REFERENCES plans (code),
    price REAL NOT NULL,
    started_on TEXT NOT NULL
);
