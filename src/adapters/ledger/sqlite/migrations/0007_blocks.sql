-- By blocks of numbers, so that the entries of new tasks lie together and not with everything else of that person or channel.
DROP INDEX tasks_person;
DROP INDEX tasks_channel;
CREATE INDEX tasks_person ON tasks (number / 1024, person) WHERE person IS NOT NULL;
CREATE INDEX tasks_channel ON tasks (number / 1024, channel) WHERE channel IS NOT NULL;
