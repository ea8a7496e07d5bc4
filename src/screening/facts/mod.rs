//! What rules may look at: everything there is to know of a submission, computed once and only when asked for.

mod bare;
mod bbcode;
mod compat;
mod disguise;
mod entities;
mod extent;
mod fold;
mod handles;
mod homograph;
mod host;
mod html;
mod identity;
mod links;
mod markdown;
mod money;
mod near;
mod owners;
mod report;
mod script;
mod target;
mod undisguise;
mod wallet;
mod words;
mod work;

use std::cell::{Cell, OnceCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use sha2::{Digest, Sha256};

pub use disguise::Disguise;
pub use fold::{Folded, fold_for_search, heaps};
pub use handles::{Handle, HandleKind};
pub use identity::{Identity, mail_of};
pub use links::{Link, Reading, Side, Syntax};
pub use report::FactsReport;
pub use target::{Target, boundary_before};
pub use words::{Words, is_dense};
pub use work::Work;

use super::Policy;
use super::listed::SiteLists;
use crate::domain::{Evidence, Field, Submission, Timestamp};

/// First byte and the byte after the last.
pub type Span = (usize, usize);

/// The fewest words of a text that tell its copies from chance.
const TELLING_WORDS: usize = 8;

/// The longest excerpt of an evidence, in characters.
const EXCERPT_CHARS: usize = 80;

/// The most owners, and the most handles, of one comment that are remembered.
const MOST_REMEMBERED: usize = 4;

/// What is known of one submission at one moment.
pub struct Facts<'a> {
    submission: &'a Submission,
    policy: &'a Policy,
    now: Timestamp,
    reading: OnceCell<Reading>,
    folded: OnceCell<Folded>,
    name: OnceCell<Folded>,
    handles: OnceCell<Vec<Handle>>,
    words: OnceCell<Words>,
    tokens: OnceCell<Vec<Span>>,
    near: OnceCell<Vec<[u8; 16]>>,
    website: OnceCell<Option<Target>>,
    /// Where the author's website sends its readers on.
    website_on: OnceCell<Option<Target>>,
    post_owner: OnceCell<Option<String>>,
    /// Whether a part of it panicked.
    failed: Cell<bool>,
    /// Whether a rule found it more work than a comment may be.
    exceeded: Cell<bool>,
    #[cfg(test)]
    broken: Option<&'static str>,
}

impl<'a> Facts<'a> {
    /// The facts of a submission; `now` is the moment of the whole request.
    pub fn new(submission: &'a Submission, policy: &'a Policy, now: Timestamp) -> Self {
        Self {
            submission,
            policy,
            now,
            reading: OnceCell::new(),
            folded: OnceCell::new(),
            name: OnceCell::new(),
            handles: OnceCell::new(),
            words: OnceCell::new(),
            tokens: OnceCell::new(),
            near: OnceCell::new(),
            website: OnceCell::new(),
            website_on: OnceCell::new(),
            post_owner: OnceCell::new(),
            failed: Cell::new(false),
            exceeded: Cell::new(false),
            #[cfg(test)]
            broken: None,
        }
    }

    /// The hosts of all links and of the author's website, in ASCII, sorted, each once.
    pub fn hosts(&self) -> Vec<String> {
        let links = self.links().iter().flat_map(|link| [Some(&link.target), link.unwrapped.as_ref()]);
        let links = links.flatten().map(|target| target.host.clone());
        let mut hosts: Vec<String> = links.chain(self.any_website().map(|target| target.host.clone())).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    /// What all copies of this text share; `None` for a text too short to be recognised: it counts from eight words
    /// (two characters of a script without spaces make one), or with a link or handle.
    pub fn text_fingerprint(&self) -> Option<[u8; 16]> {
        let is_long = self.words().count >= TELLING_WORDS;
        if !is_long && self.links().is_empty() && self.handles().is_empty() {
            return None;
        }
        self.safely("essence", || {
            let mut essence = words::essence(&self.folded().text);
            if !is_long {
                for link in self.links() {
                    essence.extend([" ", &link.target.host, &link.target.path]);
                }
            }
            let hash = Sha256::digest(essence.as_bytes());
            hash[..16].try_into().ok()
        })
    }

    /// What reworded copies of this text share: four keys, of which such a copy has at least one, most often; none for a text
    /// that is too short to tell.
    pub fn near_keys(&self) -> &[[u8; 16]] {
        let find = || {
            let links = self.links().iter().map(|link| link.span);
            let mut left_out: Vec<Span> = links.chain(self.handles().iter().map(|handle| handle.span)).collect();
            left_out.sort_unstable();
            near::keys(self.folded(), &left_out, &self.name().text).map(Vec::from).unwrap_or_default()
        };
        self.near.get_or_init(|| self.safely("near", find))
    }

    /// Who the author seems to be.
    pub fn identity(&self) -> Identity<'_> {
        Identity::of(self.submission, self.any_website())
    }

    /// What was found, for people to look at.
    pub fn report(&self) -> FactsReport {
        FactsReport::of(self)
    }

    /// The submission.
    pub fn submission(&self) -> &'a Submission {
        self.submission
    }

    /// The moment of the request.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The links of the content, by their place, the site's own included.
    pub fn links(&self) -> &[Link] {
        &self.reading().links
    }

    /// The links that lead away from the site.
    pub fn foreign_links(&self) -> impl Iterator<Item = &Link> {
        self.links().iter().filter(|link| link.side == Side::Foreign)
    }

    /// The content as it is compared.
    pub fn folded(&self) -> &Folded {
        let fold = || fold::fold(&self.submission.content, &self.reading().hidden);
        self.folded.get_or_init(|| self.safely("folded", fold))
    }

    /// The author's name as it is compared.
    pub fn name(&self) -> &Folded {
        let fold = || fold::fold(self.submission.author.name.as_deref().unwrap_or_default(), &[]);
        self.name.get_or_init(|| self.safely("name", fold))
    }

    /// E-mail addresses, messenger names and telephone numbers in the content.
    pub fn handles(&self) -> &[Handle] {
        self.handles.get_or_init(|| {
            self.safely("handles", || handles::find(&self.submission.content, self.folded(), self.reading()))
        })
    }

    /// Whose pages the links away from the site and the author's website lead to, each once, in that order: those whose
    /// record tells something, so no owner that anybody links to. At most four.
    pub fn owners(&self) -> Vec<&str> {
        let links = self.foreign_links().map(Link::owner);
        let mut owners = Vec::new();
        for owner in links.chain(self.website_owner()).filter(|owner| !owners::is_common(owner)) {
            if owners.len() < MOST_REMEMBERED && !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        owners
    }

    /// Where the content and the author's website lead to an owner.
    pub fn evidence_of_owner(&self, owner: &str) -> Vec<Evidence> {
        let links = self.foreign_links().filter(|link| link.owner() == owner);
        let mut evidence: Vec<_> = links.map(|link| self.evidence(Field::Content, link.span)).take(5).collect();
        evidence.extend(self.website_owner().filter(|named| *named == owner).map(|_| self.whole(Field::AuthorUrl)));
        evidence
    }

    /// The names of the handles, each once. At most four.
    pub fn handle_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for handle in self.handles() {
            if names.len() < MOST_REMEMBERED && !names.contains(&&*handle.name) && !handle.name.is_empty() {
                names.push(&*handle.name);
            }
        }
        names
    }

    /// Whether the author's name contains a web address that is not the site's own.
    pub fn name_has_link(&self) -> bool {
        let name = self.submission.author.name.as_deref().unwrap_or_default();
        let reading = links::read(name, |owner| self.side(owner));
        reading.links.iter().any(|link| link.side == Side::Foreign)
    }

    /// Counts over the content.
    pub fn words(&self) -> &Words {
        let count = || words::count(&self.folded().text, self.visible_chars());
        self.words.get_or_init(|| self.safely("words", count))
    }

    /// Where the words of the folded content are.
    pub fn tokens(&self) -> &[Span] {
        self.tokens.get_or_init(|| self.safely("tokens", || words::tokens(&self.folded().text)))
    }

    /// The words of the folded content, in their order.
    pub fn wording(&self) -> impl Iterator<Item = &str> + Clone {
        let text = &self.folded().text;
        self.tokens().iter().map(|&(start, end)| &text[start..end])
    }

    /// The amounts of money in the content, as places in `tokens`.
    pub fn amounts(&self) -> Vec<usize> {
        money::amounts(&self.folded().text, self.tokens())
    }

    /// Where the author's website is, unless it is the site itself.
    pub fn website(&self) -> Option<&Target> {
        let owner = &self.website_on().or(self.any_website())?.owner;
        self.any_website().filter(|_| self.side(owner) == Side::Foreign)
    }

    /// Who owns the page that readers of the author's website end up on, unless it is the site itself.
    pub fn website_owner(&self) -> Option<&str> {
        let website = self.website()?;
        Some(&self.website_on().unwrap_or(website).owner)
    }

    /// Whether all of it could be read, and within the budget.
    pub fn work(&self) -> Work {
        let work = self.reading().work;
        let is_cut = self.folded().is_cut || self.name().is_cut || self.exceeded.get();
        match self.failed.get() {
            true => Work::Failed,
            false if is_cut => Work::Exceeded,
            false => work,
        }
    }

    /// Notes that there was more to look at than may be.
    pub fn exceed(&self) {
        self.exceeded.set(true);
    }

    /// The site's own lists.
    pub fn lists(&self) -> &'a SiteLists {
        self.policy.lists()
    }

    /// Every host that links and the author's website lead to, where redirections end included, and where that stands.
    pub fn places_led_to(&self) -> impl Iterator<Item = (&str, Field, Span)> {
        let links = self.links().iter().flat_map(|link| {
            let targets = [Some(&link.target), link.unwrapped.as_ref()];
            targets.into_iter().flatten().map(|target| (target.host.as_str(), Field::Content, link.span))
        });
        let website = (0, self.field(Field::AuthorUrl).len());
        let websites = [self.any_website(), self.website_on()].into_iter().flatten();
        links.chain(websites.map(move |target| (target.host.as_str(), Field::AuthorUrl, website)))
    }

    /// Points at a part of a field.
    pub fn evidence(&self, field: Field, span: Span) -> Evidence {
        let text = self.field(field);
        let start = target::boundary_before(text, span.0);
        let end = target::boundary_after(text, span.1).max(start);
        let part = &text[start..end];
        let excerpt = match part.char_indices().nth(EXCERPT_CHARS) {
            Some(_) => part.chars().take(EXCERPT_CHARS - 1).chain(['…']).collect(),
            None => part.to_owned(),
        };
        Evidence { field, span: (start, end), excerpt }
    }

    /// Points at a whole field.
    pub fn whole(&self, field: Field) -> Evidence {
        self.evidence(field, (0, self.field(field).len()))
    }

    /// Points at a part of the folded content.
    pub fn folded_evidence(&self, span: Span) -> Evidence {
        self.evidence(Field::Content, self.folded().origin(span))
    }

    fn field(&self, field: Field) -> &'a str {
        let submission = self.submission;
        let text = match field {
            Field::Content => Some(&*submission.content),
            Field::AuthorName => submission.author.name.as_deref(),
            Field::AuthorEmail => submission.author.email.as_deref(),
            Field::AuthorUrl => submission.author.url.as_deref(),
            Field::Honeypot => submission.form.honeypot.as_deref(),
        };
        text.unwrap_or_default()
    }

    fn reading(&self) -> &Reading {
        let read = || links::read(&self.submission.content, |owner| self.side(owner));
        self.reading.get_or_init(|| self.safely("reading", read))
    }

    /// Computes a part. A fault in it costs that part and not the request: the part is empty, and `work` says so.
    fn safely<T: Default>(&self, part: &'static str, compute: impl FnOnce() -> T) -> T {
        let compute = || {
            self.break_for_test(part);
            compute()
        };
        catch_unwind(AssertUnwindSafe(compute)).unwrap_or_else(|_| {
            self.failed.set(true);
            T::default()
        })
    }

    #[cfg(test)]
    fn break_for_test(&self, part: &str) {
        assert_ne!(self.broken, Some(part), "a part has a fault");
    }

    #[cfg(not(test))]
    fn break_for_test(&self, _part: &str) {}

    fn any_website(&self) -> Option<&Target> {
        let read = || Target::of(self.submission.author.url.as_deref()?);
        self.website.get_or_init(|| self.safely("website", read)).as_ref()
    }

    fn website_on(&self) -> Option<&Target> {
        self.website_on.get_or_init(|| self.any_website().and_then(Target::unwrapped)).as_ref()
    }

    fn visible_chars(&self) -> impl Iterator<Item = char> {
        let content: &str = &self.submission.content;
        let mut hidden = self.reading().hidden.iter().peekable();
        content.char_indices().filter_map(move |(at, c)| {
            while hidden.peek().is_some_and(|part| part.span.1 <= at) {
                hidden.next();
            }
            hidden.peek().is_none_or(|part| part.span.0 > at).then_some(c)
        })
    }

    /// Whether an owner is the site itself: one of its domains, or the post's.
    pub fn side(&self, owner: &str) -> Side {
        let read = || Some(Target::of(self.submission.post.url.as_deref()?)?.owner);
        let post = self.post_owner.get_or_init(|| self.safely("post", read));
        let is_own = self.policy.owns(owner) || post.as_deref() == Some(owner);
        if is_own { Side::Own } else { Side::Foreign }
    }
}

#[cfg(test)]
mod tests;
