//! Removing a site with everything in it.

use super::base::{Base, Bytes, Head, until_settled};
use super::keys::{self, Prefix};
use crate::domain::SiteId;
use crate::store::Error;

/// How many keys are looked at at once, of whatever sites.
const CHUNK: usize = 1_000;

/// Takes a site out of the list unless it is the last one, and notes what is being removed. KEYS[1] is the list, ARGV[1] the
/// site. Returns 1 (done, now or before), 0 (the last one) or -1 (there is none).
const UNLIST: &str = "
    local site = redis.call('HGET', KEYS[1], ARGV[1])
    if not site then return redis.call('HEXISTS', KEYS[1], '~' .. ARGV[1]) == 1 and 1 or -1 end
    local sites = 0
    for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
        if string.sub(name, 1, 1) ~= '~' then sites = sites + 1 end
    end
    if sites == 1 then return 0 end
    redis.call('HDEL', KEYS[1], ARGV[1])
    redis.call('HSET', KEYS[1], '~' .. ARGV[1], site)
    return 1";

/// Removes the head KEYS[1] if it is still that of the same site: its settings are at version ARGV[1], which no other site of
/// this name ever has, or all of it is ARGV[2]. Returns whether there is none now.
const BEHEAD: &str = "
    local head = redis.call('GET', KEYS[1])
    if not head then return 1 end
    if head ~= ARGV[2] and string.match(head, '(%d+) %d+$') ~= ARGV[1] then return 0 end
    redis.call('DEL', KEYS[1])
    return 1";

/// Removes all KEYS but the first, which is the site's head: with a head, it is another site that was made since. Returns
/// whether there is none.
const REMOVE: &str = "
    if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
    redis.call('UNLINK', unpack(KEYS, 2))
    return 1";

/// Takes the note ARGV[1] out of the list KEYS[1] if it is still ARGV[2].
const DONE: &str = "
    if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
    return redis.call('HDEL', KEYS[1], ARGV[1])";

/// What the list calls a site that is being removed.
pub(super) fn leaving(site: &SiteId) -> String {
    format!("~{site}")
}

impl Base {
    /// [`Store::delete_site`](crate::store::Store::delete_site). First nobody finds the site any more, then all its keys go;
    /// if that is cut short, it is gone on with when a process starts, or when one of its name is made.
    pub(super) async fn delete_site(&self, site: &SiteId) -> Result<bool, Error> {
        self.read_head(site).await?;
        let mut unlist = redis::cmd("EVAL");
        unlist.arg(UNLIST).arg(1).arg(self.names.sites()).arg(site.as_str());
        match self.write::<i64>(unlist).await? {
            0 => Ok(false),
            1 => self.clear(site).await.map(|()| true),
            _ => Err(Error::UnknownSite),
        }
    }

    /// Goes on where a process that was removing sites was ended.
    pub(super) async fn clear_leaving(&self) -> Result<(), Error> {
        let mut question = redis::cmd("HKEYS");
        question.arg(self.names.sites());
        for name in self.ask::<Vec<Vec<u8>>>(question).await? {
            let left = name.strip_prefix(b"~").and_then(|name| std::str::from_utf8(name).ok());
            if let Some(Ok(site)) = left.map(str::parse) {
                self.clear(&site).await?;
            }
        }
        Ok(())
    }

    /// Removes all keys of a site that is not listed any more, and then the note that it is being removed. Several processes may
    /// be at it: whoever is late finds that the note is gone, or another head, and leaves the site that was made since alone.
    pub(super) async fn clear(&self, site: &SiteId) -> Result<(), Error> {
        let Some(note) = self.note_of(site).await? else { return Ok(()) };
        if !until_settled!(self.try_to_behead(site))? {
            return Ok(());
        }
        let prefix = self.names.site(site);
        loop {
            match self.remove_all(&prefix).await? {
                None => return Ok(()),
                Some(0) => break,
                // A server that took another's place on the way scans in another order: only who finds nothing is done.
                Some(_) => {}
            }
        }
        let mut done = redis::cmd("EVAL");
        done.arg(DONE).arg(1).arg(self.names.sites()).arg(leaving(site)).arg(note);
        self.write::<i64>(done).await?;
        Ok(())
    }

    /// The note that a site of this name is being removed: what was in the list.
    async fn note_of(&self, site: &SiteId) -> Result<Bytes, Error> {
        let mut question = redis::cmd("HGET");
        question.arg(self.names.sites()).arg(leaving(site));
        self.ask(question).await
    }

    /// Removes the head of a site that is being removed. `false`: somebody else was faster, and it may be another site by now.
    async fn try_to_behead(&self, site: &SiteId) -> Result<Option<bool>, Error> {
        let prefix = self.names.site(site);
        let Some(head) = self.values(&prefix, &[keys::HEAD.to_owned()]).await?.pop().flatten() else {
            return Ok(Some(true));
        };
        // A head that was there before this note was seen is not of a site that was made after the note was gone.
        if self.note_of(site).await?.is_none() {
            return Ok(Some(false));
        }
        let version = Head::parse(&head).map(|head| head.settings_version.to_string()).unwrap_or_default();
        let mut behead = redis::cmd("EVAL");
        behead.arg(BEHEAD).arg(1).arg(prefix.key(keys::HEAD)).arg(version).arg(head);
        Ok((self.write::<i64>(behead).await? == 1).then_some(true))
    }

    /// Removes all keys that begin so, and answers how many there were. `None`: the site was made again meanwhile.
    async fn remove_all(&self, prefix: &Prefix) -> Result<Option<usize>, Error> {
        // Nobody else's keys begin so. A site's id has no character that means something in a pattern.
        let (pattern, marker) = (format!("{}*", prefix.as_str()), prefix.key(keys::MARKER).into_bytes());
        let (mut cursor, mut removed) = (0_u64, 0);
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(CHUNK);
            let (next, found): (u64, Vec<Vec<u8>>) = self.ask(scan).await?;
            for keys in found.chunks(CHUNK) {
                if !self.remove_keys(prefix, keys).await? {
                    return Ok(None);
                }
            }
            // The removal itself may leave a marker behind.
            removed += found.iter().filter(|key| **key != marker).count();
            cursor = next;
            if cursor == 0 {
                return Ok(Some(removed));
            }
        }
    }

    /// Removes these keys, and what leads to those of them that are API keys; `false` if the site was made again meanwhile.
    async fn remove_keys(&self, prefix: &Prefix, found: &[Vec<u8>]) -> Result<bool, Error> {
        // Of keys that were found before, this also says whose they are.
        if self.values(prefix, &[keys::HEAD.to_owned()]).await?.pop().flatten().is_some() {
            return Ok(false);
        }
        let api_keys = prefix.key("k:").into_bytes();
        for name in found.iter().filter_map(|key| key.strip_prefix(api_keys.as_slice())) {
            let mut unlist = redis::cmd("HDEL");
            unlist.arg(self.names.keys()).arg(name);
            self.write::<i64>(unlist).await?;
        }
        let mut remove = redis::cmd("EVAL");
        remove.arg(REMOVE).arg(found.len() + 1).arg(prefix.key(keys::HEAD));
        found.iter().for_each(|key| {
            remove.arg(key.as_slice());
        });
        Ok(self.write::<i64>(remove).await? == 1)
    }
}
