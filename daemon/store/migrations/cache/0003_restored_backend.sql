-- A backend that was restored from an old copy gives numbers out again. Rows up to here may be of before; what it tells of in
-- this range is fetched, although there are rows with these numbers.
ALTER TABLE conversations ADD COLUMN forgotten_to INTEGER NOT NULL DEFAULT 0;
