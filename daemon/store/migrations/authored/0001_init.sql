-- What the user made and the backend does not have yet. Small; every commit is fsynced.

CREATE TABLE store_info (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  store_id TEXT NOT NULL,                 -- The same in cache.db: mixed files are refused.
  generation INTEGER NOT NULL DEFAULT 0   -- Counts openings: the upper half of every LocalRevision.
) STRICT;

-- Submit order is the order of positions, which are never used twice.
CREATE TABLE outbox (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL,                  -- OutboxKind
  conversation TEXT NOT NULL,
  delivery INTEGER NOT NULL,              -- Delivery, but kSending is not stored
  message_id ANY,                         -- From here on: sends.
  read_sequence INTEGER,                  -- Read markers.
  created_at INTEGER,
  role INTEGER,
  failure_reason TEXT,
  failure_message TEXT,
  content_type ANY,
  metadata BLOB,
  content TEXT
) STRICT;

CREATE UNIQUE INDEX outbox_message ON outbox (message_id) WHERE message_id IS NOT NULL;
CREATE UNIQUE INDEX outbox_marker ON outbox (conversation) WHERE kind = 2;
CREATE INDEX outbox_sends ON outbox (conversation, position, delivery) WHERE kind = 1;

-- When a UI last had a conversation open.
CREATE TABLE opened (
  conversation TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX opened_at ON opened (at);
