-- Schema 2. `settings_version` counts the changes of what is the site's own beside its comments: `overrides` (of its policy, as
-- JSON) and its keys.

ALTER TABLE sites ADD COLUMN settings_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sites ADD COLUMN overrides TEXT NOT NULL DEFAULT '{}';

ALTER TABLE keys ADD COLUMN expires_at INTEGER;
ALTER TABLE keys ADD COLUMN last_used_at INTEGER;
