-- How the notices of a task go out, as JSON; null when in the usual way.
ALTER TABLE tasks ADD COLUMN manner TEXT;

-- What was set in a channel, as JSON.
CREATE TABLE channels (
    channel     TEXT PRIMARY KEY,
    preferences TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The thread of a task that wants one of its own; the channel is null when it cannot have one.
CREATE TABLE threads (
    task    INTEGER PRIMARY KEY REFERENCES tasks (number) ON DELETE CASCADE,
    channel TEXT
) STRICT;

CREATE UNIQUE INDEX threads_channel ON threads (channel) WHERE channel IS NOT NULL;
