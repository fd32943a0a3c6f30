-- What the user left lying about: what is being written, and how far each window was scrolled.

CREATE TABLE drafts (
  key INTEGER PRIMARY KEY,               -- A text may be long, so the table has rowids.
  conversation TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL,              -- Draft::version
  changed_at INTEGER NOT NULL,
  text TEXT NOT NULL                     -- Empty: cleared, and remembered so that no older text comes back.
) STRICT;

CREATE INDEX drafts_kept ON drafts (conversation) WHERE text <> '';
CREATE INDEX drafts_cleared ON drafts (version) WHERE text = '';

CREATE TABLE view_states (
  conversation TEXT NOT NULL,
  ui TEXT NOT NULL,
  message_id ANY,                        -- NULL: none.
  sequence INTEGER NOT NULL,
  position INTEGER NOT NULL,             -- The offset, in units of the UI's.
  at_bottom INTEGER NOT NULL,
  set_at INTEGER NOT NULL,
  PRIMARY KEY (conversation, ui)
) STRICT, WITHOUT ROWID;

CREATE INDEX view_states_set ON view_states (set_at);
