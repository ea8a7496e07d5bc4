//! Eval: labelled comments go through the ordinary service, and what it says is measured against the labels.

mod figures;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::{Error, Service, Wish};
use crate::clock::Clock;
use crate::domain::{
    Author, Comment, CommentRef, Content, DecisionAction, Name, Reason, RuleId, SiteId, SiteName, Source as Origin,
    Submission, Timestamp, Verdict,
};

pub use figures::{Actions, Figures, Fired, Measured, Micros, Rank, RuleFigures, rounded_down};

/// A text in which every kind of thing is that the rules look at.
const WARM_UP: &str = "Great post, thanks for sharing! Visit my website <a href=\"https://bit.ly/x\">http://shop.example</a>, \
    [url=http://pills.example.co.uk]CHEAP PILLS[/url] or [this](https://www.example.org/a?b=c).\n\n\
    f r e e \u{43c}oney, ch\u{200b}eck it: mail me at ana@mail.example, telegram @ana_example, +49 30 1234567.\n\
    \u{ff26}\u{ff35}\u{ff2c}\u{ff2c} SIZE OFFER FOR EVERYBODY WHO READS THIS TODAY; the the the the the the the the.";

/// A labelled comment.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Where it comes from. Each source is a site of its own: what one blog remembers never judges for another, and the
    /// figures of a source do not depend on the files beside it.
    pub source: String,
    /// What it is.
    pub label: Label,
    /// When it was written, where that is known: it moves the clock.
    pub written_at: Option<Timestamp>,
    /// The comment, without a time of its own.
    pub submission: Submission,
}

/// What a labelled comment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// It should not be published.
    Spam,
    /// It should.
    Ham,
    /// It hurts somebody: left out of the figures, because it is no spam.
    Toxic,
}

/// What a measurement teaches on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teaching {
    /// Nothing.
    Nothing,
    /// Each comment's label, once it was judged.
    Labels,
}

/// What a measurement found.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// Over everything.
    pub total: Figures,
    /// By source.
    pub sources: BTreeMap<String, Figures>,
    /// By rule, every one that is not off.
    pub rules: BTreeMap<String, RuleFigures>,
}

/// A measurement on its way.
pub struct Eval {
    service: Service,
    clock: Clock,
    after: u64,
    teaching: Teaching,
    last_written: Option<Timestamp>,
    started: bool,
    sources: HashMap<String, Source>,
    rules: BTreeMap<String, RuleFigures>,
}

/// What is known of one source.
struct Source {
    site: SiteId,
    rows: u64,
    measured: Vec<Measured>,
}

impl Eval {
    /// How far the clock goes on from one comment to the next where their times do not say.
    const STEP: Duration = Duration::from_secs(10 * 60);

    /// A measurement over a service without memory, at `clock`, which is moved by hand. Of each source the first `after`
    /// comments are judged, but not measured.
    pub fn new(service: Service, clock: Clock, (after, teaching): (u64, Teaching)) -> Self {
        let on = service.default_rules().into_iter().filter(|rule| rule.mode != "off");
        let rules = on.map(|rule| (rule.id.to_string(), RuleFigures::default())).collect();
        Self { service, clock, after, teaching, last_written: None, started: false, sources: HashMap::new(), rules }
    }

    /// When the first comment comes in: 2026-01-01T00:00:00Z.
    pub fn start() -> Timestamp {
        Timestamp::from_millis(1_767_225_600_000)
    }

    /// Judges the next comment.
    pub async fn take(&mut self, sample: Sample) -> Result<(), Error> {
        let first = !self.started;
        self.move_clock(sample.written_at);
        let site = self.site(&sample.source).await?;
        if first {
            self.warm_up(&site, &sample.submission).await?;
        }
        let submitted = self.service.submit(&site, sample.submission, None).await?;
        if self.teaching == Teaching::Labels {
            self.teach(&site, &submitted.comment, sample.label).await?;
        }
        let verdict = submitted.comment.verdict;
        let Some(source) = self.sources.get_mut(&sample.source) else { return Err(Error::UnknownSite) };
        source.rows += 1;
        if source.rows <= self.after || sample.label == Label::Toxic {
            return Ok(());
        }
        source.measured.push(Measured::new(sample.label, &verdict, submitted.took.screening));
        self.count_rules(sample.label, &sample.source, &verdict);
        Ok(())
    }

    /// Decides a comment as its label says, and waits until that is learnt.
    async fn teach(&self, site: &SiteId, comment: &Comment, label: Label) -> Result<(), Error> {
        let (action, reason) = match label {
            Label::Spam => (DecisionAction::Reject, Some(Reason::Spam)),
            Label::Ham => (DecisionAction::Approve, None),
            Label::Toxic => (DecisionAction::Reject, Some(Reason::Abuse)),
        };
        let internal = |fault: crate::domain::Fault| Error::Internal(fault.to_string());
        let actor = Name::try_from("eval".to_owned()).map_err(internal)?;
        let wish = Wish { action, reason, note: None, source: Origin::Api, actor, at: None, if_match: None };
        self.service.decide(site, &CommentRef::Id(comment.id), wish, None).await?;
        self.service.catch_up(site).await?;
        Ok(())
    }

    /// Screens a fixed text once and forgets it. Patterns and lists are made when they are first used, which takes
    /// far longer than a comment: it happens once in a process, and is no part of what a comment takes.
    async fn warm_up(&self, site: &SiteId, like: &Submission) -> Result<(), Error> {
        let internal = |fault: crate::domain::Fault| Error::Internal(fault.to_string());
        let content = Content::try_from(WARM_UP.to_owned()).map_err(internal)?;
        let author = Author {
            name: Some("Ana Example".to_owned().try_into().map_err(internal)?),
            email: Some("ana@mail.example".to_owned().try_into().map_err(internal)?),
            url: Some("https://www.example.com/a/b".to_owned().try_into().map_err(internal)?),
            ..Author::default()
        };
        let submission = Submission { author, content, ..like.clone() };
        self.service.check(site, &submission).await.map(drop)
    }

    /// The figures so far.
    pub fn report(&self) -> Report {
        let all: Vec<Measured> = self.sources.values().flat_map(|source| &source.measured).copied().collect();
        let by_source = |(name, source): (&String, &Source)| (name.clone(), Figures::of(&source.measured));
        Report {
            total: Figures::of(&all),
            sources: self.sources.iter().map(by_source).collect(),
            rules: self.rules.iter().map(|(id, figures)| (id.clone(), figures.clone().with_precision())).collect(),
        }
    }

    /// Ten minutes a comment, or as long as lay between the two where that is positive and below a day.
    fn move_clock(&mut self, written_at: Option<Timestamp>) {
        const DAY: i64 = 24 * 60 * 60 * 1000;
        let apart = written_at.zip(self.last_written).map(|(this, last)| this.millis() - last.millis());
        let step = match apart {
            Some(millis @ 1..DAY) => Duration::from_millis(millis.unsigned_abs()),
            _ => Self::STEP,
        };
        if self.started {
            self.clock.advance(step);
        }
        self.started = true;
        self.last_written = written_at;
    }

    async fn site(&mut self, name: &str) -> Result<SiteId, Error> {
        if let Some(source) = self.sources.get(name) {
            return Ok(source.site.clone());
        }
        let internal = |fault: crate::domain::Fault| Error::Internal(fault.to_string());
        let site: SiteId = format!("source-{}", self.sources.len() + 1).parse().map_err(internal)?;
        let title = SiteName::try_from(site.to_string()).map_err(internal)?;
        self.service.create_site(site.clone(), title).await?;
        let source = Source { site: site.clone(), rows: 0, measured: Vec::new() };
        self.sources.insert(name.to_owned(), source);
        Ok(site)
    }

    fn count_rules(&mut self, label: Label, source: &str, verdict: &Verdict) {
        let mut counted: Vec<&RuleId> = Vec::new();
        for hit in &verdict.hits {
            if counted.contains(&&hit.rule) {
                continue;
            }
            counted.push(&hit.rule);
            let alone = verdict.would_pass_without.iter().any(|set| set.as_slice() == [hit.rule.clone()]);
            self.rules.entry(hit.rule.to_string()).or_default().count(label, source, alone);
        }
    }
}
