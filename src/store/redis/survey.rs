//! Looks at all keys of a site and corrects where records stand: for `repair`.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::base::{Base, Found, id_in, until_settled};
use super::keys::{self, Index, Prefix};
use super::packed;
use super::places::{self, Place};
use super::plan::Plan;
use super::repair::{CHUNK, Rows};
use super::tombstones::Buried;
use crate::domain::{ApiKey, CommentId, ExternalId, SiteId};
use crate::store::Error;

/// How many records are read at once.
const READ: usize = 100;

/// The keys of a site by what they hold.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) comments: Vec<CommentId>,
    pub(super) tombstones: Vec<CommentId>,
    /// Names of indexes.
    indexes: Vec<String>,
    /// Ids of the blog's.
    externals: Vec<String>,
    /// Names of entries of the history.
    pub(super) history: Vec<String>,
    /// Ids of API keys.
    api_keys: Vec<String>,
    /// Plans that were carried out since.
    pub(super) operations: AtomicU64,
}

impl Survey {
    fn note(&mut self, name: &str) {
        let id = |text: &str| text.parse::<CommentId>().ok();
        match name.split_once(':') {
            Some(("c", rest)) => self.comments.extend(id(rest)),
            Some(("t", rest)) => self.tombstones.extend(id(rest)),
            Some(("x", rest)) => self.externals.push(rest.to_owned()),
            Some(("h", _)) => self.history.push(name.to_owned()),
            Some(("k", rest)) => self.api_keys.push(rest.to_owned()),
            Some(("s" | "p" | "a" | "r" | "o" | "ta", _)) => self.indexes.push(name.to_owned()),
            None if matches!(name, "q" | "t") => self.indexes.push(name.to_owned()),
            _ => {}
        }
    }

    fn did_one(&self) {
        self.operations.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a record, of whichever kind, says of itself.
enum Held {
    Comment(Box<Found>),
    Tombstone(Buried),
}

impl Held {
    fn places(&self) -> Vec<Place> {
        match self {
            Held::Comment(found) => places::of_comment(&found.comment),
            Held::Tombstone(buried) => places::of_tombstone(&buried.tombstone),
        }
    }

    fn external_id(&self) -> Option<&ExternalId> {
        match self {
            Held::Comment(found) => found.comment.submission.external_id.as_ref(),
            Held::Tombstone(buried) => buried.tombstone.external_id.as_ref(),
        }
    }

    fn expect(&self, plan: &mut Plan) {
        match self {
            Held::Comment(found) => plan.expect(keys::comment(found.comment.id), found.unchanged.clone()),
            Held::Tombstone(buried) => plan.expect(keys::tombstone(buried.tombstone.id), buried.unchanged.clone()),
        }
    }
}

/// What is under an id: a comment, or a tombstone.
fn held_in(id: CommentId, values: &[Option<Vec<u8>>]) -> Result<Option<Held>, Error> {
    match values {
        [Some(record), _] => Found::of(id, record).map(|found| Some(Held::Comment(Box::new(found)))),
        [None, Some(record)] => Buried::of(id, record).map(|buried| Some(Held::Tombstone(buried))),
        _ => Ok(None),
    }
}

impl Base {
    /// Lists all keys of a site.
    pub(super) async fn survey(&self, site: &SiteId) -> Result<Survey, Error> {
        let (prefix, mut survey) = (self.names.site(site), Survey::default());
        let (mut cursor, mut seen) = (0_u64, HashSet::new());
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(format!("{}*", prefix.as_str())).arg("COUNT").arg(CHUNK);
            let (next, found): (u64, Vec<Vec<u8>>) = self.ask(scan).await?;
            for key in found {
                let name = key.strip_prefix(prefix.as_str().as_bytes()).and_then(|name| std::str::from_utf8(name).ok());
                // SCAN may tell of a key twice.
                if let Some(name) = name
                    && seen.insert(HASHER.hash_one(name))
                {
                    survey.note(name);
                }
            }
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        survey.comments.sort();
        survey.tombstones.sort();
        Ok(survey)
    }

    /// Puts every record where it belongs and takes away what leads nowhere; the answer is how many API keys were corrected.
    pub(super) async fn correct_places(&self, site: &SiteId, survey: &Survey, rows: &mut Rows) -> Result<usize, Error> {
        let mut standing = HashSet::new();
        for index in &survey.indexes {
            self.correct_index(site, (index, survey), &mut standing, rows).await?;
        }
        let (comments, tombstones) = (&survey.comments, &survey.tombstones);
        for (ids, are_comments) in [(comments, true), (tombstones, false)] {
            for ids in ids.chunks(READ) {
                for id in self.misplaced(site, ids, &standing).await? {
                    until_settled!(self.place(site, (id, are_comments), (survey, &standing), rows))?;
                }
            }
        }
        for name in &survey.externals {
            self.correct_external(site, (name, survey), rows).await?;
        }
        let mut corrected = 0;
        for id in &survey.api_keys {
            corrected += usize::from(self.correct_api_key(site, id).await?);
        }
        Ok(corrected)
    }

    /// Notes who stands in an index, and takes out who does not belong there.
    async fn correct_index(
        &self,
        site: &SiteId,
        (name, survey): (&str, &Survey),
        standing: &mut HashSet<u64>,
        rows: &mut Rows,
    ) -> Result<(), Error> {
        let (prefix, mut from) = (self.names.site(site), b"-".to_vec());
        loop {
            let mut question = redis::cmd("ZRANGE");
            question.arg(prefix.key(name)).arg(from).arg("+").arg("BYLEX").arg("LIMIT").arg(0).arg(CHUNK);
            let members: Vec<Vec<u8>> = self.ask(question).await?;
            for member in &members {
                standing.insert(hash_of(name, member));
            }
            for (member, id) in self.strangers(site, name, &members).await? {
                let Some(id) = id else {
                    let mut plan = Plan::new(prefix.clone());
                    plan.remove_named(name, member);
                    self.commit(site, &plan).await?;
                    survey.did_one();
                    continue;
                };
                if !until_settled!(self.stays(site, (name, &member, id), survey))? {
                    rows.insert(id);
                }
            }
            match members.last() {
                Some(last) if members.len() == CHUNK => from = [b"(".as_slice(), last].concat(),
                _ => return Ok(()),
            }
        }
    }

    /// The members of an index that seem not to belong there, with their ids.
    async fn strangers(
        &self,
        site: &SiteId,
        name: &str,
        members: &[Vec<u8>],
    ) -> Result<Vec<(Vec<u8>, Option<CommentId>)>, Error> {
        let mut strangers = Vec::new();
        for members in members.chunks(READ) {
            let ids: Vec<Option<CommentId>> =
                members.iter().map(|member| places::position(member).map(|position| position.id)).collect();
            let known: Vec<CommentId> = ids.iter().flatten().copied().collect();
            let mut held = self.held_of(site, &known).await?.into_iter();
            for (member, id) in members.iter().zip(ids) {
                let belongs = match id.and_then(|_| held.next()) {
                    Some(Ok(Some(held))) => {
                        held.places().iter().any(|place| place.member == *member && place.index.name() == name)
                    }
                    Some(Err(Error::Damaged(_))) => true,
                    Some(Err(error)) => return Err(error),
                    Some(Ok(None)) | None => false,
                };
                if !belongs {
                    strangers.push((member.clone(), id));
                }
            }
        }
        Ok(strangers)
    }

    /// The records of these ids that seem to stand not where they should.
    async fn misplaced(
        &self,
        site: &SiteId,
        ids: &[CommentId],
        standing: &HashSet<u64>,
    ) -> Result<Vec<CommentId>, Error> {
        let (mut misplaced, mut named) = (Vec::new(), Vec::new());
        for (id, held) in ids.iter().zip(self.held_of(site, ids).await?) {
            let held = match held {
                Ok(Some(held)) => held,
                Ok(None) | Err(Error::Damaged(_)) => continue,
                Err(error) => return Err(error),
            };
            if held.places().iter().any(|place| !standing.contains(&hash_of(&place.index.name(), &place.member))) {
                misplaced.push(*id);
            } else if let Some(external_id) = held.external_id() {
                named.push((*id, keys::external(external_id)));
            }
        }
        let names: Vec<String> = named.iter().map(|(_, name)| name.clone()).collect();
        for ((id, _), value) in named.iter().zip(self.values(&self.names.site(site), &names).await?) {
            if value.and_then(|value| id_in(&value).ok()) != Some(*id) {
                misplaced.push(*id);
            }
        }
        Ok(misplaced)
    }

    /// The records of these ids.
    async fn held_of(&self, site: &SiteId, ids: &[CommentId]) -> Result<Vec<Result<Option<Held>, Error>>, Error> {
        let names: Vec<String> = ids.iter().flat_map(|id| [keys::comment(*id), keys::tombstone(*id)]).collect();
        let values = self.values(&self.names.site(site), &names).await?;
        Ok(ids.iter().zip(values.chunks_exact(2)).map(|(id, pair)| held_in(*id, pair)).collect())
    }

    /// Whether a member of an index belongs there; one that does not is taken out. A damaged record's may stay.
    async fn stays(
        &self,
        site: &SiteId,
        (name, member, id): (&str, &[u8], CommentId),
        survey: &Survey,
    ) -> Result<Option<bool>, Error> {
        let mut plan = Plan::new(self.names.site(site));
        match self.held(site, id).await {
            Ok(Some(held))
                if held.places().iter().any(|place| place.index.name() == name && place.member == member) =>
            {
                return Ok(Some(true));
            }
            Ok(Some(held)) => held.expect(&mut plan),
            Ok(None) => {
                plan.expect_absent(keys::comment(id));
                plan.expect_absent(keys::tombstone(id));
            }
            Err(Error::Damaged(_)) => return Ok(Some(true)),
            Err(error) => return Err(error),
        }
        plan.remove_named(name, member.to_vec());
        let done = self.commit(site, &plan).await?;
        Ok(done.map(|_| {
            survey.did_one();
            false
        }))
    }

    /// The record of an id.
    async fn held(&self, site: &SiteId, id: CommentId) -> Result<Option<Held>, Error> {
        self.held_of(site, &[id]).await?.pop().unwrap_or(Ok(None))
    }

    /// Puts a record into the indexes in which it does not stand, and under its id of the blog's.
    async fn place(
        &self,
        site: &SiteId,
        (id, is_comment): (CommentId, bool),
        (survey, standing): (&Survey, &HashSet<u64>),
        rows: &mut Rows,
    ) -> Result<Option<()>, Error> {
        let held = match self.held(site, id).await {
            Ok(Some(held)) => held,
            Ok(None) | Err(Error::Damaged(_)) => return Ok(Some(())),
            Err(error) => return Err(error),
        };
        if is_comment != matches!(held, Held::Comment(_)) {
            return Ok(Some(()));
        }
        let mut missing = held.places();
        missing.retain(|place| !standing.contains(&hash_of(&place.index.name(), &place.member)));
        let mut plan = Plan::new(self.names.site(site));
        held.expect(&mut plan);
        let mut wrong = !missing.is_empty();
        missing.into_iter().for_each(|place| plan.add(&place.index, place.member));
        if let Some(external_id) = held.external_id() {
            let name = keys::external(external_id);
            let value = self.values(&self.names.site(site), std::slice::from_ref(&name)).await?.pop().flatten();
            match value {
                None => {
                    plan.expect_absent(name.clone());
                    plan.set(name, id.to_string().into_bytes());
                    wrong = true;
                }
                Some(value)
                    if id_in(&value).ok() != Some(id) && !self.has_external(site, &value, external_id).await? =>
                {
                    plan.expect(name.clone(), value);
                    plan.set(name, id.to_string().into_bytes());
                    wrong = true;
                }
                Some(_) => {}
            }
        }
        if !wrong {
            return Ok(Some(()));
        }
        let done = self.commit(site, &plan).await?;
        Ok(done.map(|_| {
            survey.did_one();
            rows.insert(id);
        }))
    }

    /// Whether the record that a value names has this id of the blog's.
    async fn has_external(&self, site: &SiteId, value: &[u8], external_id: &ExternalId) -> Result<bool, Error> {
        let Ok(id) = id_in(value) else { return Ok(false) };
        match self.held(site, id).await {
            Ok(held) => Ok(held.is_some_and(|held| held.external_id() == Some(external_id))),
            Err(Error::Damaged(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Removes an id of the blog's that leads to no record that has it.
    async fn correct_external(
        &self,
        site: &SiteId,
        (name, survey): (&str, &Survey),
        rows: &mut Rows,
    ) -> Result<(), Error> {
        let prefix = self.names.site(site);
        let key = format!("x:{name}");
        let Some(value) = self.values(&prefix, std::slice::from_ref(&key)).await?.pop().flatten() else {
            return Ok(());
        };
        if let Ok(external_id) = ExternalId::try_from(name.to_owned())
            && self.has_external(site, &value, &external_id).await?
        {
            return Ok(());
        }
        let mut plan = Plan::new(prefix);
        rows.extend(id_in(&value).ok());
        plan.expect(key.clone(), value);
        plan.delete(key);
        self.commit(site, &plan).await?;
        survey.did_one();
        Ok(())
    }

    /// Lists an API key that is kept, by time and under its id; whether it was not.
    async fn correct_api_key(&self, site: &SiteId, id: &str) -> Result<bool, Error> {
        let prefix: Prefix = self.names.site(site);
        let Some(value) = self.values(&prefix, &[format!("k:{id}")]).await?.pop().flatten() else { return Ok(false) };
        let Ok(key) = packed::from_json::<ApiKey>(&value) else { return Ok(false) };
        let mut list = redis::cmd("HSETNX");
        list.arg(self.names.keys()).arg(id).arg(site.as_str());
        let listed = self.write::<bool>(list).await?;
        let mut order = redis::cmd("ZADD");
        order.arg(prefix.key(&Index::Keys.name())).arg(0).arg(super::keyring::member(&key));
        Ok(self.write::<i64>(order).await? > 0 || listed)
    }
}

/// Hashes places, so that they take eight bytes each.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

fn hash_of(name: &str, member: &[u8]) -> u64 {
    HASHER.hash_one((name, member))
}
