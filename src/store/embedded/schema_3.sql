-- Schema 3. Comments end: `changed_at` is how old one is, `address` whether its whole address is kept (1), `mail` the token of
-- the e-mail address where `author` is an account's, `parent` (an id, or `ext:` and the blog's) what it answers, if it quotes that.
-- A tombstone's `counted` is what it is still counted in, as JSON; its `author` and `mail` are for whoever asks to be forgotten.

ALTER TABLE comments ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN received_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN address INTEGER NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN mail BLOB;
ALTER TABLE comments ADD COLUMN parent TEXT;

-- What a damaged record does not tell is taken from its row: it is as old as its writing.
UPDATE comments SET changed_at = written_at, received_at = written_at;
UPDATE comments SET
    changed_at = CASE json_type(packed, '$.changed_at') WHEN 'integer' THEN json_extract(packed, '$.changed_at') ELSE written_at END,
    received_at = CASE json_type(packed, '$.received_at') WHEN 'integer' THEN json_extract(packed, '$.received_at') ELSE written_at END,
    address = json_extract(packed, '$.submission.client.ip') IS NOT NULL,
    -- The entry of the e-mail address stands under the address's token.
    mail = CASE WHEN author IS NOT NULL THEN
        (SELECT unhex(json_extract(iif(type = 'object', value, '{}'), '$.h')) AS token FROM json_each(packed, '$.k')
          WHERE json_extract(iif(type = 'object', value, '{}'), '$.k') = 'mail' AND token <> author LIMIT 1) END,
    parent = CASE
        WHEN json_extract(packed, '$.submission.parent.author_name') IS NULL
         AND json_extract(packed, '$.submission.parent.content') IS NULL THEN NULL
        ELSE coalesce(json_extract(packed, '$.submission.parent.id'),
                      'ext:' || json_extract(packed, '$.submission.parent.external_id'))
    END
WHERE json_valid(packed);

CREATE INDEX comments_age ON comments (site, status, changed_at);
CREATE INDEX comments_withdrawn ON comments (site, changed_at) WHERE status = 'held' AND priority IS NULL;
CREATE INDEX comments_address ON comments (site, received_at) WHERE address = 1;
CREATE INDEX comments_mail ON comments (site, mail, written_at, id) WHERE mail IS NOT NULL;
CREATE INDEX comments_parent ON comments (site, parent) WHERE parent IS NOT NULL;

ALTER TABLE tombstones DROP COLUMN history;
ALTER TABLE tombstones ADD COLUMN counted TEXT NOT NULL DEFAULT '[]';
ALTER TABLE tombstones ADD COLUMN author BLOB;
ALTER TABLE tombstones ADD COLUMN mail BLOB;
CREATE INDEX tombstones_age ON tombstones (site, erased_at);
CREATE INDEX tombstones_author ON tombstones (site, author) WHERE author IS NOT NULL;
CREATE INDEX tombstones_mail ON tombstones (site, mail) WHERE mail IS NOT NULL;
