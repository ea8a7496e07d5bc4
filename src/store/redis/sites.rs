//! Sites, their counts and their settings.

use super::base::{Base, Head, until_settled};
use super::keys;
use super::packed::{from_json, json};
use super::plan::{Committed, Plan};
use crate::domain::{Counts, Site, SiteId, SiteName, SiteOverrides, SiteSettings, Timestamp};
use crate::store::Error;

/// Puts the site ARGV[1] into the list KEYS[1] as ARGV[2]. Returns 1 (it was not there), 0 (it was) or -1 (one of its name is
/// being removed, and nothing is written).
const LIST: &str = "
    if redis.call('HEXISTS', KEYS[1], '~' .. ARGV[1]) == 1 then return -1 end
    return redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])";

/// Puts ARGV[3] in the place of ARGV[2] as what the list KEYS[1] says of the site ARGV[1]; whether that was still so.
const RENAME: &str = "
    if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
    return 1";

impl Base {
    /// [`Store::create_site`](crate::store::Store::create_site). The list comes first and the head, by which the site is there,
    /// last: one that was cut short is made whole by the same call.
    pub(super) async fn create_site(&self, site: &Site) -> Result<bool, Error> {
        until_settled!(self.try_to_create(site))
    }

    async fn try_to_create(&self, site: &Site) -> Result<Option<bool>, Error> {
        let mut list = redis::cmd("EVAL");
        list.arg(LIST).arg(1).arg(self.names.sites()).arg(site.id.as_str()).arg(json(site)?);
        let listed = self.write::<i64>(list).await?;
        if listed < 0 {
            // Nothing of an older site of this name may be seen in it.
            self.clear(&site.id).await?;
            return Ok(None);
        }
        let prefix = self.names.site(&site.id);
        if listed == 0 {
            if self.values(&prefix, &[keys::HEAD.to_owned()]).await?.pop().flatten().is_some() {
                return Ok(Some(false));
            }
            if !self.is_listed(&site.id).await? {
                return Ok(None);
            }
        }
        // The version of its settings begins with the time: a site that is made again under its name never has one of the old
        // site's.
        let mut make = Plan::without_head(prefix);
        make.expect_absent(keys::HEAD.to_owned());
        make.set(keys::HEAD.to_owned(), Head::of_new_site(self.tag().await?, site.created_at.millis()));
        let (made, after_doubt) = self.link.commit(&make, "").await?;
        // It may be there by this very plan, whose answer was lost: then it is listed as it was asked for.
        let is_made = match made {
            Committed::Written { .. } => true,
            _ => after_doubt && self.site(&site.id).await?.as_ref() == Some(site),
        };
        Ok(Some(is_made))
    }

    /// [`Store::site`](crate::store::Store::site)
    pub(super) async fn site(&self, site: &SiteId) -> Result<Option<Site>, Error> {
        let mut question = redis::cmd("HGET");
        question.arg(self.names.sites()).arg(site.as_str());
        Ok(self.ask::<Option<Vec<u8>>>(question).await?.map(|value| listed(site, &value)))
    }

    /// Whether there should be such a site.
    pub(super) async fn is_listed(&self, site: &SiteId) -> Result<bool, Error> {
        let mut question = redis::cmd("HEXISTS");
        question.arg(self.names.sites()).arg(site.as_str());
        self.ask(question).await
    }

    /// [`Store::sites`](crate::store::Store::sites)
    pub(super) async fn sites(&self) -> Result<Vec<Site>, Error> {
        let mut question = redis::cmd("HGETALL");
        question.arg(self.names.sites());
        let entries = self.ask::<Vec<(Vec<u8>, Vec<u8>)>>(question).await?;
        let mut sites = Vec::with_capacity(entries.len());
        for (id, value) in entries.iter().filter(|(id, _)| !id.starts_with(b"~")) {
            match std::str::from_utf8(id).ok().and_then(|id| id.parse().ok()) {
                Some(id) => sites.push(listed(&id, value)),
                None => tracing::error!("an entry of the list of sites is under no site's id and left out"),
            }
        }
        sites.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(sites)
    }

    /// [`Store::counts`](crate::store::Store::counts)
    pub(super) async fn counts(&self, site: &SiteId) -> Result<Counts, Error> {
        let [approved, held, rejected, open] = self.read_head(site).await?.counts;
        Ok(Counts { approved, held, rejected, open })
    }

    /// A site's numbers.
    pub(super) async fn read_head(&self, site: &SiteId) -> Result<Head, Error> {
        let mut values = self.values(&self.names.site(site), &[keys::HEAD.to_owned()]).await?;
        self.head(site, values.pop().flatten()).await
    }

    /// [`Store::rename_site`](crate::store::Store::rename_site)
    pub(super) async fn rename_site(&self, site: &SiteId, name: SiteName) -> Result<Site, Error> {
        until_settled!(self.try_to_rename(site, &name))
    }

    async fn try_to_rename(&self, site: &SiteId, name: &SiteName) -> Result<Option<Site>, Error> {
        let mut question = redis::cmd("HGET");
        question.arg(self.names.sites()).arg(site.as_str());
        let value = self.ask::<Option<Vec<u8>>>(question).await?.ok_or(Error::UnknownSite)?;
        let renamed = Site { name: name.clone(), ..listed(site, &value) };
        let mut command = redis::cmd("EVAL");
        command.arg(RENAME).arg(1).arg(self.names.sites()).arg(site.as_str()).arg(value).arg(json(&renamed)?);
        Ok((self.write::<i64>(command).await? == 1).then_some(renamed))
    }

    /// [`Store::settings`](crate::store::Store::settings)
    pub(super) async fn settings(&self, site: &SiteId) -> Result<SiteSettings, Error> {
        Ok(self.standing_settings(site).await?.0)
    }

    /// The settings, and the value that they were read from.
    async fn standing_settings(&self, site: &SiteId) -> Result<(SiteSettings, Option<Vec<u8>>), Error> {
        let names = [keys::HEAD, keys::SETTINGS].map(str::to_owned);
        let mut values = self.values(&self.names.site(site), &names).await?.into_iter();
        let head = self.head(site, values.next().flatten()).await?;
        let value = values.next().flatten();
        let overrides = value.as_deref().map(from_json).transpose()?.unwrap_or_default();
        Ok((SiteSettings { version: head.settings_version, overrides }, value))
    }

    /// [`Store::override_policy`](crate::store::Store::override_policy). The same overrides again, sent because an answer was
    /// lost, are what is there already.
    pub(super) async fn override_policy(
        &self,
        site: &SiteId,
        overrides: SiteOverrides,
        expected: Option<u64>,
    ) -> Result<Result<SiteSettings, SiteSettings>, Error> {
        until_settled!(self.try_to_override(site, &overrides, expected))
    }

    async fn try_to_override(
        &self,
        site: &SiteId,
        overrides: &SiteOverrides,
        expected: Option<u64>,
    ) -> Result<Option<Result<SiteSettings, SiteSettings>>, Error> {
        let (standing, value) = self.standing_settings(site).await?;
        if standing.overrides == *overrides {
            self.vouch(site).await?;
            return Ok(Some(Ok(standing)));
        }
        if expected.is_some_and(|expected| expected != standing.version) {
            return Ok(Some(Err(standing)));
        }
        let mut plan = Plan::new(self.names.site(site));
        // The version is in the head, which every submission writes: what is expected is the value that goes with it.
        match value {
            Some(value) => plan.expect(keys::SETTINGS.to_owned(), value),
            None => plan.expect_absent(keys::SETTINGS.to_owned()),
        }
        plan.set(keys::SETTINGS.to_owned(), json(overrides)?);
        plan.raise_settings();
        if self.commit(site, &plan).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(Ok(self.settings(site).await?)))
    }
}

/// What the list says of a site. Where that cannot be read, the site's id stands for its name, and the beginning of time for
/// when it was made: all that is in the site is there, and has to be served, kept no longer than it may be, and mended.
fn listed(id: &SiteId, value: &[u8]) -> Site {
    let why = match from_json::<Site>(value) {
        Ok(site) if site.id == *id => return site,
        Ok(_) => "it is of another site".to_owned(),
        Err(why) => why.to_string(),
    };
    tracing::error!(
        site = id.as_str(),
        "what the list of sites says of it is damaged; rename it to write that anew: {why}"
    );
    let name = SiteName::try_from(id.as_str().to_owned()).unwrap_or_default();
    Site { id: id.clone(), name, created_at: Timestamp::from_millis(0) }
}
