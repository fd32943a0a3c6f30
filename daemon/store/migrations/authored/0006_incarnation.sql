-- Another value whenever the files go back to what they were, by a rollback or from a backup: local revisions are then given out
-- again, for other contents, and a resume token of before must not be taken for one of now.
ALTER TABLE store_info ADD COLUMN incarnation TEXT NOT NULL DEFAULT '';
UPDATE store_info SET incarnation = lower(hex(randomblob(8)));
