-- What each commit changed, so that a watcher who was away is told of that alone, also over a restart. Ids only; what they are
-- now is read when it is told. Bounded by age and size (change_log.h).
CREATE TABLE change_log (
  revision INTEGER PRIMARY KEY,  -- Of the commit. Every commit has a row until it is forgotten.
  at INTEGER NOT NULL,
  bytes_before INTEGER NOT NULL, -- Of `changes` in all rows that ever were before this one.
  changes BLOB NOT NULL
) STRICT;
