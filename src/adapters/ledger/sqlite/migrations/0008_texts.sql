-- Prompts and results in one table, one after the other as they are written, so that they fill its pages. Apart and in the order of
-- their tasks, most results had a page for themselves, and each moved half of its neighbours to other pages.
CREATE TABLE texts (
    serial INTEGER PRIMARY KEY,
    text   TEXT NOT NULL
) STRICT;

INSERT INTO texts SELECT 2 * task, text FROM prompts;
INSERT INTO texts SELECT 2 * task + 1, text FROM results;

ALTER TABLE tasks ADD COLUMN prompt INTEGER;
-- The answer, or what there is of it; null when nothing was written.
ALTER TABLE tasks ADD COLUMN result INTEGER;
UPDATE tasks SET prompt = 2 * number WHERE number IN (SELECT task FROM prompts);
UPDATE tasks SET result = 2 * number + 1 WHERE number IN (SELECT task FROM results);

DROP TABLE prompts;
DROP TABLE results;

CREATE TRIGGER tasks_texts AFTER DELETE ON tasks BEGIN
    DELETE FROM texts WHERE serial IN (OLD.prompt, OLD.result);
END;

-- What is owed is looked up at the start only, and all of it.
DROP INDEX notices_owed;
CREATE INDEX notices_owed ON notices (state) WHERE state = 0;
