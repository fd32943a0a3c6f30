-- The index anew, with words as word_splitter.h has them: in scripts without spaces each character is one. Everything is indexed
-- again, newest first, by the job that also follows step 2; until then a search finds what is indexed.
DROP TABLE search;

CREATE VIRTUAL TABLE search USING fts5 (
  content,
  content = 'messages',
  content_rowid = 'key',
  columnsize = 0,
  tokenize = 'hark'
);

-- As in step 2.
INSERT INTO search (search, rank) VALUES ('pgsz', 3940);
INSERT INTO search (search, rank) VALUES ('automerge', 16);
INSERT INTO search (search, rank) VALUES ('crisismerge', 32);

UPDATE store_info SET
  indexed_to = (SELECT coalesce(max(key), 0) FROM messages),
  unindexed_to = (SELECT coalesce(max(key), 0) FROM messages);

-- Of each 1,024 keys that are in the index (block = key / 1024): no message there was written later, or earlier, than these.
-- Keys are in the order of arrival, not of time; by this table a search finds the newest matches without looking at all of them.
CREATE TABLE search_blocks (
  block INTEGER PRIMARY KEY,
  newest INTEGER NOT NULL,
  oldest INTEGER NOT NULL
) STRICT;
