-- Schema 5. What comments share with others, for `campaign=`: of each comment, the names of the entries that it is counted in and that
-- tell apart by whom they were seen. They go with the comment's row.

CREATE TABLE campaigns (
    site       INTEGER NOT NULL,
    campaign   TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    id         BLOB NOT NULL,
    comment    INTEGER NOT NULL REFERENCES comments (n) ON DELETE CASCADE,
    PRIMARY KEY (site, campaign, written_at, id, comment)
) STRICT, WITHOUT ROWID;
CREATE INDEX campaigns_comment ON campaigns (comment);

INSERT INTO campaigns (site, campaign, written_at, id, comment)
SELECT DISTINCT site, entry ->> '$.k' || '-' || substr(entry ->> '$.h', 1, 16), written_at, id, n
  FROM (SELECT n, site, written_at, comments.id AS id, iif(type = 'object', value, '{}') AS entry
          FROM comments, json_each(iif(json_valid(packed), packed, '{}'), '$.k'))
 WHERE entry ->> '$.k' IN ('text', 'owner', 'handle') AND entry ->> '$.h' IS NOT NULL;
