//! Removing a site with everything in it.

use super::base::Base;
use super::keys;
use super::plan::Plan;
use crate::domain::SiteId;
use crate::store::Error;

/// How many keys are looked at at once, of whatever sites.
const CHUNK: usize = 1_000;

/// Takes a site out of the list unless it is the last one, and notes that it is being removed. KEYS[1] is the list, ARGV[1] the
/// site. Returns 1 (done), 0 (the last one) or -1 (there is none).
const UNLIST: &str = "
    local site = redis.call('HGET', KEYS[1], ARGV[1])
    if not site then return -1 end
    local sites = 0
    for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
        if string.sub(name, 1, 1) ~= '~' then sites = sites + 1 end
    end
    if sites == 1 then return 0 end
    redis.call('HDEL', KEYS[1], ARGV[1])
    redis.call('HSET', KEYS[1], '~' .. ARGV[1], '')
    return 1";

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
        for name in self.ask::<Vec<String>>(question).await? {
            if let Some(Ok(site)) = name.strip_prefix('~').map(str::parse) {
                self.clear(&site).await?;
            }
        }
        Ok(())
    }

    /// Removes all keys of a site that is not listed any more, and then the note that it is being removed.
    pub(super) async fn clear(&self, site: &SiteId) -> Result<(), Error> {
        let prefix = self.names.site(site);
        let mut gone = Plan::without_head(prefix.clone());
        gone.delete(keys::HEAD.to_owned());
        self.try_commit(None, &gone).await?;
        // Nobody else's keys begin so. A site's id has no character that means something in a pattern.
        let pattern = format!("{}*", prefix.as_str());
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(CHUNK);
            let (next, found): (u64, Vec<Vec<u8>>) = self.ask(scan).await?;
            self.remove_keys(prefix.as_str(), &found).await?;
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        let mut done = redis::cmd("HDEL");
        done.arg(self.names.sites()).arg(leaving(site));
        self.write::<i64>(done).await?;
        Ok(())
    }

    /// Removes these keys, and what leads to those of them that are API keys.
    async fn remove_keys(&self, prefix: &str, found: &[Vec<u8>]) -> Result<(), Error> {
        if found.is_empty() {
            return Ok(());
        }
        let api_keys = format!("{prefix}k:").into_bytes();
        for name in found.iter().filter_map(|key| key.strip_prefix(api_keys.as_slice())) {
            let mut unlist = redis::cmd("HDEL");
            unlist.arg(self.names.keys()).arg(name);
            self.write::<i64>(unlist).await?;
        }
        let mut remove = redis::cmd("UNLINK");
        found.iter().for_each(|key| {
            remove.arg(key.as_slice());
        });
        self.write::<i64>(remove).await?;
        Ok(())
    }
}
