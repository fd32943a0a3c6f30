-- The last commit with something that the user did: its revision, and what it changed as the change log of cache.db has it
-- (NULL: too much). A crash may come between the two commits; then that log ends just before it, and gets it from here.
-- A log that ends still earlier lacks something, and is of no use.
ALTER TABLE store_info ADD COLUMN promised_revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store_info ADD COLUMN promised_changes BLOB;
