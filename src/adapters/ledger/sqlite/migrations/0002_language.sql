-- The language of who asked, as a tag. Tasks from before spoke English.
ALTER TABLE tasks ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
