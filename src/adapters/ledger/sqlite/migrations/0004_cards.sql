-- One row: how far the cards of ended tasks are known to show their end. So no task needs a mark of its own.

CREATE TABLE cards (
    only          INTEGER PRIMARY KEY CHECK (only = 1),
    -- The card of every task that ended before this instant shows its end,
    settled_until INTEGER NOT NULL,
    -- except those of these tasks: a JSON array of numbers.
    late          TEXT NOT NULL
) STRICT;

-- Tasks that ended before there were cards have none.
INSERT INTO cards SELECT 1, COALESCE(MAX(completed_at) + 1, 0), '[]' FROM tasks;
