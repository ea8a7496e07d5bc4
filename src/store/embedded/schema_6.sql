-- Schema 6. What people's decisions teach: `lessons` is a log, numbered from 1 without gaps in each site, and `taught` the newest number,
-- which outlives its lesson. `packed` is the lesson as JSON, `crc` its CRC-32, `at` when it was taught. `models` is what a learner has
-- made of the lessons up to `taught`, with the CRC-32 of its bytes.

ALTER TABLE sites ADD COLUMN taught INTEGER NOT NULL DEFAULT 0;

CREATE TABLE lessons (
    site   INTEGER NOT NULL REFERENCES sites (ref) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    crc    INTEGER NOT NULL,
    packed TEXT NOT NULL,
    PRIMARY KEY (site, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE models (
    site   INTEGER PRIMARY KEY REFERENCES sites (ref) ON DELETE CASCADE,
    taught INTEGER NOT NULL,
    crc    INTEGER NOT NULL,
    bytes  BLOB NOT NULL
) STRICT;
