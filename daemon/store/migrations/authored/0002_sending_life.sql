-- The whole life of what the user does: edits and deletions beside sends, and what became of each.

-- It may have left this machine: the backend may have it. What version 1 left here may have.
ALTER TABLE outbox ADD COLUMN attempted INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET attempted = 1 WHERE kind = 1 AND delivery <> 4;
-- Of failed sends: later ones need not wait for it.
ALTER TABLE outbox ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0;
-- When the user did it, or last retried it; its age decides when it expires.
ALTER TABLE outbox ADD COLUMN submitted_at INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET submitted_at = coalesce(created_at, 0);
-- Of edits: the revision that it changes; 0 while that is not known.
ALTER TABLE outbox ADD COLUMN base_revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN failure_can_retry INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN failure_retry_after INTEGER NOT NULL DEFAULT 0;  -- Milliseconds.

DROP INDEX outbox_message;
CREATE UNIQUE INDEX outbox_message ON outbox (message_id) WHERE kind = 1;
-- Edits and deletions: of one message, and of one conversation.
CREATE INDEX outbox_changes ON outbox (message_id, position) WHERE kind >= 3;
CREATE INDEX outbox_changed ON outbox (conversation) WHERE kind >= 3;

-- Sends that were withdrawn. One that was under way may still reach the backend; it is deleted there when it shows up.
CREATE TABLE cancelled (
  message_id ANY PRIMARY KEY,
  conversation TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Sends whose content was edited before they left: what was first submitted under the id is not known any more, so a
-- repetition of that call cannot be compared with it.
CREATE TABLE rewritten (
  message_id ANY PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
