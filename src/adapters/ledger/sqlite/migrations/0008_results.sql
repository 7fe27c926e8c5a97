-- A result has a number of its own, so that results are written one after the other, in whatever order their tasks end. Written in
-- the order of their tasks, each would move half of its neighbours to other pages.
CREATE TABLE results_in_order (
    serial INTEGER PRIMARY KEY,
    text   TEXT NOT NULL
) STRICT;

INSERT INTO results_in_order SELECT task, text FROM results;

-- The answer, or what there is of it; null when nothing was written.
ALTER TABLE tasks ADD COLUMN result INTEGER;
UPDATE tasks SET result = number WHERE number IN (SELECT task FROM results);

DROP TABLE results;
ALTER TABLE results_in_order RENAME TO results;

CREATE TRIGGER tasks_results AFTER DELETE ON tasks BEGIN
    DELETE FROM results WHERE serial = OLD.result;
END;

-- What is owed is looked up at the start only, and all of it.
DROP INDEX notices_owed;
CREATE INDEX notices_owed ON notices (state) WHERE state = 0;
