-- The revision of the last commit with something that the user did. If the change log of cache.db ends before it, a crash came
-- between the two commits, or a power loss took the end of the log: then the log is of no use.
ALTER TABLE store_info ADD COLUMN promised_revision INTEGER NOT NULL DEFAULT 0;
