-- Conversations that are kept for another time than the others.
CREATE TABLE retention (
  conversation TEXT PRIMARY KEY,
  days INTEGER NOT NULL  -- 0: for ever.
) STRICT, WITHOUT ROWID;
