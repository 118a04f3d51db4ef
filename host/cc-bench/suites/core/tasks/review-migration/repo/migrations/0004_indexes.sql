CREATE INDEX subscriptions_of_contact ON subscriptions (contact_id);
CREATE INDEX subscriptions_by_start ON subscriptions (started_on);
