CREATE TABLE new_subscriptions (
    id INTEGER PRIMARY KEY,
    contact_id INTEGER NOT NULL REFERENCES contacts (id),
    plan_title TEXT,
    cents INTEGER NOT NULL,
    started_on TEXT NOT NULL
);

INSERT INTO new_subscriptions (id, contact_id, plan_title, cents, started_on)
SELECT s.id, s.contact_id, p.title, CAST(round(s.price * 100) AS INTEGER), s.started_on
FROM subscriptions s
JOIN contacts c ON c.id = s.contact_id
JOIN plans p ON p.code = s.plan
ORDER BY s.id;

DROP TABLE subscriptions;
ALTER TABLE new_subscriptions RENAME TO subscriptions;
