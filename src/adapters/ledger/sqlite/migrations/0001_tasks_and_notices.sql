-- Instants are milliseconds since 1970 UTC. A status is a number from 1 to 5: pending, running, done, failed, cancelled.

CREATE TABLE tasks (
    number              INTEGER PRIMARY KEY,
    id                  TEXT NOT NULL,
    inbound             TEXT,
    -- Its turn in the fair order of the queue.
    turn                INTEGER NOT NULL,
    status              INTEGER NOT NULL,
    attempt             INTEGER NOT NULL,
    epoch               INTEGER NOT NULL,
    submitted_at        INTEGER NOT NULL,
    started_at          INTEGER,
    completed_at        INTEGER,
    worker              TEXT,
    lease_until         INTEGER,
    -- Who asked to cancel: `operator`, or a person. Set on a running task that is to be cancelled, too.
    cancelled_by        TEXT,
    error_code          TEXT,
    error_message       TEXT,
    tokens_input        INTEGER NOT NULL,
    tokens_cached_input INTEGER NOT NULL,
    tokens_output       INTEGER NOT NULL,
    tokens_reasoning    INTEGER NOT NULL,
    tokens_estimated    INTEGER NOT NULL,
    person              TEXT,
    channel             TEXT,
    session             TEXT NOT NULL,
    reply               TEXT,
    -- Further channels, a JSON array of strings; null when there are none.
    deliver_to          TEXT,
    -- The words of the configuration, separated by spaces.
    events              TEXT NOT NULL,
    model               TEXT,
    timeout             INTEGER,
    retry_of            INTEGER,
    -- Blanks in a task that has not been claimed, which the values of its first attempt take up. A row that outgrows its page costs
    -- three pages instead of one.
    room                TEXT
) STRICT;

CREATE UNIQUE INDEX tasks_id ON tasks (id);
CREATE UNIQUE INDEX tasks_inbound ON tasks (inbound) WHERE inbound IS NOT NULL;
-- A claim touches none of these. What is live is found without looking at what has ended.
CREATE INDEX tasks_live ON tasks (submitted_at) WHERE completed_at IS NULL;
-- Nearly all tasks end as done (3), and those are found by their numbers as fast.
CREATE INDEX tasks_ended ON tasks (status) WHERE status > 3;
CREATE INDEX tasks_completed_at ON tasks (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX tasks_person ON tasks (person) WHERE person IS NOT NULL;
CREATE INDEX tasks_channel ON tasks (channel) WHERE channel IS NOT NULL;

-- The long texts stand apart, so that a claim or a renewal does not write them again.

CREATE TABLE prompts (
    task INTEGER PRIMARY KEY REFERENCES tasks (number) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT;

-- The answer, or what there is of it; no row when nothing was written.
CREATE TABLE results (
    task INTEGER PRIMARY KEY REFERENCES tasks (number) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE notices (
    id              INTEGER PRIMARY KEY,
    task            INTEGER NOT NULL REFERENCES tasks (number) ON DELETE CASCADE,
    kind            TEXT NOT NULL,
    attempt         INTEGER NOT NULL,
    channel         TEXT NOT NULL,
    -- 0 owed, 1 delivered, 2 undeliverable.
    state           INTEGER NOT NULL,
    -- When to try while it is owed, when it was settled afterwards.
    state_at        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    in_flight_since INTEGER,
    -- Whether a try before the newest one has an unknown outcome.
    doubted         INTEGER NOT NULL,
    tries           INTEGER NOT NULL,
    last_error      TEXT,
    reply           TEXT,
    -- The platform's ids of the parts, a JSON array of strings in order; null while there are none.
    receipts        TEXT,
    -- Blanks until the first try, as in tasks.
    room            TEXT
) STRICT;

CREATE UNIQUE INDEX notices_once ON notices (task, kind, attempt, channel);
CREATE INDEX notices_owed ON notices (channel) WHERE state = 0;

-- Which task a delivered message is about. Platforms count their messages up, so with the message first in the key those of
-- all channels that come together lie together.
CREATE TABLE messages (
    message TEXT NOT NULL,
    channel TEXT NOT NULL,
    task    INTEGER NOT NULL,
    PRIMARY KEY (message, channel)
) STRICT, WITHOUT ROWID;

-- One row: counts, and the last names handed out, which are never used again even when their rows are gone.
CREATE TABLE totals (
    only          INTEGER PRIMARY KEY CHECK (only = 1),
    last_number   INTEGER NOT NULL,
    last_notice   INTEGER NOT NULL,
    pending       INTEGER NOT NULL,
    running       INTEGER NOT NULL,
    done          INTEGER NOT NULL,
    failed        INTEGER NOT NULL,
    cancelled     INTEGER NOT NULL,
    owed          INTEGER NOT NULL,
    undeliverable INTEGER NOT NULL
) STRICT;

INSERT INTO totals VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
