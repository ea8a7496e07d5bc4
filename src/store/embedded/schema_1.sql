-- Schema 1. A site stands in every table by its `ref`; deleting its row takes everything of it along.

CREATE TABLE meta (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    store_id TEXT NOT NULL,
    secret   BLOB NOT NULL
) STRICT;

-- `approved` to `open` are derived from the comments. The last event's id outlives the events, so that ids only grow.
-- References are never used twice: whatever still knew a deleted site's would find nothing.
CREATE TABLE sites (
    ref          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    approved     INTEGER NOT NULL DEFAULT 0,
    held         INTEGER NOT NULL DEFAULT 0,
    rejected     INTEGER NOT NULL DEFAULT 0,
    open         INTEGER NOT NULL DEFAULT 0,
    event_millis INTEGER NOT NULL DEFAULT 0,
    event_number INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE keys (
    id         TEXT PRIMARY KEY,
    site       INTEGER REFERENCES sites (ref) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    hash       BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `packed` is the comment as JSON and `crc` its CRC-32; the columns between `id` and `packed` are copied from it for the
-- indexes. `priority` is NULL while the review is done: the queue is an index of the rest.
CREATE TABLE comments (
    n           INTEGER PRIMARY KEY,
    site        INTEGER NOT NULL REFERENCES sites (ref) ON DELETE CASCADE,
    id          BLOB NOT NULL,
    external_id TEXT,
    status      TEXT NOT NULL,
    post        TEXT NOT NULL,
    author      BLOB,
    written_at  INTEGER NOT NULL,
    priority    INTEGER,
    crc         INTEGER NOT NULL,
    packed      TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX comments_id ON comments (site, id);
CREATE UNIQUE INDEX comments_external ON comments (site, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX comments_queue ON comments (site, priority, id) WHERE priority IS NOT NULL;
CREATE INDEX comments_status ON comments (site, status, written_at, id);
CREATE INDEX comments_post ON comments (site, post, written_at, id);
CREATE INDEX comments_author ON comments (site, author, written_at, id) WHERE author IS NOT NULL;

-- What is left of an erased comment: nothing personal. `history` lists the hashed keys it was counted under, as JSON.
CREATE TABLE tombstones (
    site        INTEGER NOT NULL REFERENCES sites (ref) ON DELETE CASCADE,
    id          BLOB NOT NULL,
    external_id TEXT,
    status      TEXT NOT NULL,
    version     INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    written_at  INTEGER NOT NULL,
    erased_at   INTEGER NOT NULL,
    history     TEXT NOT NULL,
    PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tombstones_external ON tombstones (site, external_id) WHERE external_id IS NOT NULL;

-- `applied` is 0 for a decision that was outdated.
CREATE TABLE idempotency (
    site        INTEGER NOT NULL REFERENCES sites (ref) ON DELETE CASCADE,
    hash        BLOB NOT NULL,
    comment     BLOB NOT NULL,
    fingerprint TEXT NOT NULL,
    applied     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (site, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

-- The sum of all comments' `k` lists. Rows of zeros are not kept.
CREATE TABLE history (
    site     INTEGER NOT NULL REFERENCES sites (ref) ON DELETE CASCADE,
    kind     TEXT NOT NULL,
    hash     BLOB NOT NULL,
    period   INTEGER NOT NULL,
    seen     INTEGER NOT NULL,
    approved INTEGER NOT NULL,
    spam     INTEGER NOT NULL,
    abuse    INTEGER NOT NULL,
    PRIMARY KEY (site, kind, hash, period)
) STRICT, WITHOUT ROWID;

-- The distinct members of history entries, with how many comments name each.
CREATE TABLE members (
    site   INTEGER NOT NULL REFERENCES sites (ref) ON DELETE CASCADE,
    kind   TEXT NOT NULL,
    hash   BLOB NOT NULL,
    member INTEGER NOT NULL,
    uses   INTEGER NOT NULL,
    PRIMARY KEY (site, kind, hash, member)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    site   INTEGER NOT NULL REFERENCES sites (ref) ON DELETE CASCADE,
    millis INTEGER NOT NULL,
    number INTEGER NOT NULL,
    packed TEXT NOT NULL,
    PRIMARY KEY (site, millis, number)
) STRICT, WITHOUT ROWID;
