//! Under which keys a submission is remembered, and how persons become hashes.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{Error, Service};
use crate::domain::{
    AuthorId, Counted, Fingerprint, HistoryKey, HistoryKind, Lesson, Limit, Members, Period, Submission, Tally,
    Timestamp,
};
use crate::screening::{Facts, Identity};
use crate::store::IdempotencyKey;

/// What a submission is remembered by.
pub(super) struct Traces {
    /// The author's token, if they can be told from others at all.
    pub author_id: Option<AuthorId>,
    /// The e-mail address's token, where that is another.
    pub mail_id: Option<AuthorId>,
    /// The history entries.
    pub keys: Vec<HistoryKey>,
    /// Its members.
    pub members: Members,
}

/// The keyed hash of this store.
pub(super) fn hasher(secret: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC pads a short key with zeros to the hash's block of 64 bytes; done here, no length can be wrong.
    let mut block = [0; 64];
    block[..32].copy_from_slice(secret);
    KeyInit::new(&block.into())
}

impl Service {
    /// Finds what a submission is remembered by. Persons stand there as keyed hashes, texts as plain ones.
    pub(super) fn traces(&self, submission: &Submission, facts: &Facts<'_>) -> Result<Traces, Error> {
        let (identity, person) = (facts.identity(), Persons(self.hasher()?));
        let mut keys = Vec::with_capacity(5);
        if let Some(mail) = &identity.mail {
            let by =
                |kind: HistoryKind, other: &str| HistoryKey { kind, hash: person.hash(&[kind.as_str(), mail, other]) };
            keys.push(by(HistoryKind::Mail, ""));
            keys.extend(identity.net.as_deref().map(|net| by(HistoryKind::MailNet, net)));
            keys.extend(identity.url_owner.as_deref().map(|owner| by(HistoryKind::MailOwner, owner)));
        }
        if let Some((provider, id)) = identity.account {
            let kind = HistoryKind::Account;
            let hash = person.hash(&[kind.as_str(), provider, id]);
            keys.push(HistoryKey { kind, hash });
        }
        keys.extend(facts.text_fingerprint().map(|hash| HistoryKey { kind: HistoryKind::Text, hash }));
        let named = |kind: HistoryKind, name: &str| HistoryKey { kind, hash: person.hash(&[kind.as_str(), name]) };
        let near = |hash: &[u8; 16]| HistoryKey { kind: HistoryKind::Near, hash: *hash };
        keys.extend(facts.near_keys().iter().map(near));
        keys.extend(facts.owners().iter().map(|owner| named(HistoryKind::Owner, owner)));
        keys.extend(facts.handle_names().iter().map(|name| named(HistoryKind::Handle, name)));
        keys.extend(identity.net.as_deref().map(|net| named(HistoryKind::Net, net)));
        if facts.foreign_links().next().is_some() {
            keys.extend(linked_by(submission, &identity).map(|by| person.of_linker(by)));
        }
        let author_id = person.author_of(&identity);
        let mail_id = identity.mail.as_deref().map(|mail| person.mail_token(mail)).filter(|id| author_id != Some(*id));
        let name = submission.author.name.as_deref().unwrap_or_default();
        let who = author_id.map_or_else(|| name.to_owned(), |id| id.to_string());
        let member = |parts: &[&str]| {
            let hash = person.hash(parts);
            u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
        };
        let author_and_post = member(&["member", &who, &submission.post.id]);
        let members = Members { author: member(&["author", &who]), author_and_post };
        Ok(Traces { author_id, mail_id, keys, members })
    }

    /// The author's token, if they can be told from others at all: by their account, or else by their e-mail address.
    pub(super) fn author_id(&self, submission: &Submission) -> Result<Option<AuthorId>, Error> {
        Ok(Persons(self.hasher()?).author_of(&Identity::of(submission, None)))
    }

    /// Makes the keys under which a store counts for limits.
    pub(super) fn limit_keys(&self) -> Result<impl Fn(Limit, &str) -> [u8; 16] + use<>, Error> {
        let person = Persons(self.hasher()?);
        Ok(move |limit: Limit, whose: &str| person.hash(&["limit", limit.as_str(), whose]))
    }

    /// The token of an account.
    pub(super) fn account_token(&self, provider: &str, id: &str) -> Result<AuthorId, Error> {
        Ok(Persons(self.hasher()?).account_token(provider, id))
    }

    /// The token of an e-mail address in the form that [`mail_of`](crate::screening::mail_of) gives.
    pub(super) fn mail_token(&self, mail: &str) -> Result<AuthorId, Error> {
        Ok(Persons(self.hasher()?).mail_token(mail))
    }
}

/// The ways in which whoever brings a link is shown to be somebody: the verified account, and the e-mail address with the network
/// and with the website's owner.
fn linked_by<'a>(
    submission: &'a Submission,
    identity: &'a Identity<'a>,
) -> impl Iterator<Item = (HistoryKind, &'a str, &'a str)> {
    let is_verified = submission.author.account.as_ref().is_some_and(|account| account.verified);
    let account = identity.account.filter(|_| is_verified).map(|(provider, id)| (HistoryKind::Account, provider, id));
    let mail = identity.mail.as_deref();
    let with = |kind: HistoryKind, other: Option<&'a str>| mail.zip(other).map(|(mail, other)| (kind, mail, other));
    let net = with(HistoryKind::MailNet, identity.net.as_deref());
    let owner = with(HistoryKind::MailOwner, identity.url_owner.as_deref());
    [account, net, owner].into_iter().flatten()
}

/// Persons as hashes under the store's secret.
struct Persons(Hmac<Sha256>);

impl Persons {
    fn author_of(&self, identity: &Identity<'_>) -> Option<AuthorId> {
        let by_account = identity.account.map(|(provider, id)| self.account_token(provider, id));
        by_account.or_else(|| identity.mail.as_deref().map(|mail| self.mail_token(mail)))
    }

    fn account_token(&self, provider: &str, id: &str) -> AuthorId {
        AuthorId::new(self.hash(&[HistoryKind::Account.as_str(), provider, id]))
    }

    fn mail_token(&self, mail: &str) -> AuthorId {
        AuthorId::new(self.hash(&[HistoryKind::Mail.as_str(), mail, ""]))
    }

    /// Where is remembered what became of the links of somebody who is shown to be this one in this way.
    fn of_linker(&self, (by, one, other): (HistoryKind, &str, &str)) -> HistoryKey {
        let kind = HistoryKind::Linked;
        HistoryKey { kind, hash: self.hash(&[kind.as_str(), by.as_str(), one, other]) }
    }

    /// A keyed hash of parts; the lengths go in too, so that no two lists of parts are alike.
    fn hash(&self, parts: &[&str]) -> [u8; 16] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let full = mac.finalize().into_bytes();
        let mut hash = [0; 16];
        hash.copy_from_slice(&full[..16]);
        hash
    }
}

impl Traces {
    /// What a new comment is counted in, with what its decision (if it came with one) teaches.
    pub fn counted(&self, now: Timestamp, lesson: Lesson) -> Vec<Counted> {
        let count = |key: &HistoryKey| {
            let seen = u32::from(key.kind.counts_submissions());
            let member = key.kind.members().map(|kind| self.members.get(kind));
            let tally = Tally { seen, ..Tally::default() };
            let mut counted = Counted { key: *key, period: Period::of(now), tally, member };
            counted.tally = lesson.tally(&counted);
            counted
        };
        self.keys.iter().map(count).collect()
    }
}

/// Tells a retry from another comment. The external id stays out of it: a comment may get one later. So does the address:
/// whoever knows all the rest could find out by trying what was cut from it.
pub(super) fn fingerprint(submission: &Submission) -> Fingerprint {
    let mut nameless = Submission { external_id: None, ..submission.clone() };
    nameless.client.ip = None;
    let mut hash = Sha256::new_with_prefix(b"submit\n");
    hash.update(serde_json::to_vec(&nameless).unwrap_or_default());
    Fingerprint::new(hash.finalize().into())
}

/// The store's name for a caller's idempotency key.
pub(super) fn idempotency_key(key: &str) -> IdempotencyKey {
    let full = Sha256::digest(key.as_bytes());
    let mut hash = [0; 16];
    hash.copy_from_slice(&full[..16]);
    IdempotencyKey(hash)
}
