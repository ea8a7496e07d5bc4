-- Schema 4. The entries of a site's own lists: `packed` is the entry as JSON, `crc` its CRC-32. A flipped bit must not block others
-- than somebody meant.

CREATE TABLE list_entries (
    n      INTEGER PRIMARY KEY,
    site   INTEGER NOT NULL REFERENCES sites (ref) ON DELETE CASCADE,
    list   TEXT NOT NULL,
    id     TEXT NOT NULL,
    crc    INTEGER NOT NULL,
    packed TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX list_entries_id ON list_entries (site, list, id);
