-- Which task an answer to a command was about, so that a reply to it names the task.
CREATE TABLE answers (
    message TEXT NOT NULL,
    channel TEXT NOT NULL,
    task    INTEGER NOT NULL REFERENCES tasks (number) ON DELETE CASCADE,
    PRIMARY KEY (message, channel)
) STRICT, WITHOUT ROWID;

CREATE INDEX answers_task ON answers (task);
