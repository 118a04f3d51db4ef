-- Plugins that failed the last time they were asked, by the bytes that failed. A row goes when they answer.
CREATE TABLE plugin_failures (
    layer    TEXT NOT NULL,
    id       TEXT NOT NULL,
    digest   TEXT NOT NULL,
    failures INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (layer, id, digest)
) STRICT;
