-- What the backend has, as far as it is here. Ids of messages are 16-byte blobs when they are canonical UUIDs, text otherwise.

CREATE TABLE store_info (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  store_id TEXT NOT NULL,                       -- The same in authored.db: mixed files are refused.
  cursor_epoch TEXT,                            -- NULL: no cursor.
  cursor_position INTEGER,
  last_synced_at INTEGER,                       -- Milliseconds of UTC, as all times here.
  initial_sync_done INTEGER NOT NULL DEFAULT 0,
  missing INTEGER NOT NULL DEFAULT 0            -- Sum of conversations.missing.
) STRICT;

CREATE TABLE conversations (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL DEFAULT '',
  last_sequence INTEGER NOT NULL DEFAULT 0,
  read_sequence INTEGER NOT NULL DEFAULT 0,
  summary_sequence INTEGER NOT NULL DEFAULT 0,  -- last_sequence of the newest summary: an older one is ignored.
  refresh_to INTEGER NOT NULL DEFAULT 0,        -- Rows up to here are to be compared with the backend again.
  message_count INTEGER NOT NULL DEFAULT 0,     -- Not deleted.
  count_exact INTEGER NOT NULL DEFAULT 0,       -- message_count was counted here, not told.
  unread_count INTEGER NOT NULL DEFAULT 0,
  unread_exact INTEGER NOT NULL DEFAULT 0,
  row_count INTEGER NOT NULL DEFAULT 0,         -- Rows in messages.
  gap_count INTEGER NOT NULL DEFAULT 0,         -- Rows in gaps.
  missing INTEGER NOT NULL DEFAULT 0,           -- Messages to be fetched without being asked for.
  last_activity_at INTEGER NOT NULL DEFAULT 0,  -- Of the newest message at the backend.
  listed_at INTEGER NOT NULL DEFAULT 0,         -- The same, pending messages included: the order of the list.
  preview TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX conversations_listed ON conversations (listed_at, id);
CREATE INDEX conversations_to_fetch ON conversations (listed_at, key) WHERE missing > 0;
-- The few whose place in the list comes from pending messages; checked at opening.
CREATE INDEX conversations_lifted ON conversations (key) WHERE listed_at <> last_activity_at;

CREATE TABLE messages (
  key INTEGER PRIMARY KEY,
  conversation INTEGER NOT NULL REFERENCES conversations (key),
  sequence INTEGER NOT NULL,
  id ANY NOT NULL,
  revision INTEGER NOT NULL,
  role INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  edited_at INTEGER,
  server_id ANY,     -- NULL: none; 1: the same as id.
  content_type ANY,  -- NULL: empty; a number: a common one (columns.cc).
  metadata BLOB,     -- NULL: none.
  content TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX messages_id ON messages (id);
-- Not unique: after a restore, a backend may give a sequence to another message, and both stay.
CREATE INDEX messages_place ON messages (conversation, sequence);

-- Ranges that exist at the backend and not here. Disjoint within a conversation.
CREATE TABLE gaps (
  conversation INTEGER NOT NULL REFERENCES conversations (key),
  to_sequence INTEGER NOT NULL,
  from_sequence INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  PRIMARY KEY (conversation, to_sequence)
) STRICT, WITHOUT ROWID;
