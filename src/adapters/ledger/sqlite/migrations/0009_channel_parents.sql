-- Channels that are a part of another one though their ids do not say so, as threads are.
CREATE TABLE channel_parents (
    channel TEXT PRIMARY KEY,
    parent  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
