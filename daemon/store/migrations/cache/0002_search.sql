-- The full-text index over the contents of messages. The contents themselves stay in `messages` (external content); the index
-- holds words and places only. Columnsize is left out: it costs ten bytes a message, and FTS5 counts the words when it is asked.
CREATE VIRTUAL TABLE search USING fts5 (
  content,
  content = 'messages',
  content_rowid = 'key',
  columnsize = 0,
  tokenize = 'unicode61 remove_diacritics 2'
);

-- A leaf of the index fills one page of the file. The default, 4,050 bytes, is made for pages without SQLCipher's reserve of 80
-- bytes: each leaf would begin a second page.
INSERT INTO search (search, rank) VALUES ('pgsz', 3940);

-- Fewer and larger merges: a message is rewritten about half as often on its way to the largest segment.
INSERT INTO search (search, rank) VALUES ('automerge', 16);
INSERT INTO search (search, rank) VALUES ('crisismerge', 32);

-- A row of `messages` is in the index exactly if unindexed_to < key <= indexed_to. Rows of before this step are indexed
-- later, newest first: unindexed_to goes down to 0.
ALTER TABLE store_info ADD COLUMN indexed_to INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store_info ADD COLUMN unindexed_to INTEGER NOT NULL DEFAULT 0;

UPDATE store_info SET
  indexed_to = (SELECT coalesce(max(key), 0) FROM messages),
  unindexed_to = (SELECT coalesce(max(key), 0) FROM messages);

-- How far a conversation was ever evicted: rows up to here were fetched again because somebody paged back to them.
CREATE TABLE evicted (
  conversation INTEGER PRIMARY KEY REFERENCES conversations (key),
  to_sequence INTEGER NOT NULL
) STRICT;

-- History is fetched newest first, so ids that rise with time arrive falling. An index in that order is appended to; in the other
-- order its pages stay half empty (measured: 24 bytes a message more, and a fifth slower).
DROP INDEX messages_id;
CREATE UNIQUE INDEX messages_id ON messages (id DESC);
