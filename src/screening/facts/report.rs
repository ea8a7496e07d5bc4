//! The facts of a submission in a form for people: what `check --facts` prints.

use serde::Serialize;

use super::{Facts, Span};

/// What was found in a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactsReport {
    /// The content as it is compared.
    pub folded: String,
    /// Its links.
    pub links: Vec<LinkReport>,
    /// E-mail addresses, messenger names and telephone numbers.
    pub handles: Vec<HandleReport>,
    /// What copies of it share.
    pub fingerprints: Fingerprints,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkReport {
    /// What a reader sees.
    pub text: String,
    /// The address as written.
    pub target: String,
    /// The host in ASCII.
    pub host: String,
    /// The registrable domain.
    pub owner: String,
    /// How it is written: `bare`, `html`, `markdown` or `bbcode`.
    pub syntax: String,
    /// Where it stands in the content.
    pub span: Span,
}

/// One handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandleReport {
    /// `mail`, `messenger` or `phone`.
    pub kind: &'static str,
    /// As written.
    pub text: String,
    /// Where it stands in the content.
    pub span: Span,
}

/// What copies of a comment share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fingerprints {
    /// Of the folded text, in hexadecimal; absent for short texts.
    pub text: Option<String>,
    /// Of its pairs of words, in hexadecimal: reworded copies share some; absent for short texts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<String>,
}

impl FactsReport {
    /// The report on these facts.
    pub fn of(facts: &Facts<'_>) -> Self {
        let content: &str = &facts.submission().content;
        let links = facts.links().iter().map(|link| LinkReport {
            text: link.text.clone().unwrap_or_else(|| link.address.clone()),
            target: link.address.clone(),
            host: link.target.host.clone(),
            owner: link.target.owner.clone(),
            syntax: link.syntax.as_str().to_ascii_lowercase(),
            span: link.span,
        });
        let handles = facts.handles().iter().map(|handle| HandleReport {
            kind: handle.kind.as_str(),
            text: content[handle.span.0..handle.span.1].to_owned(),
            span: handle.span,
        });
        Self {
            folded: facts.folded().text.clone(),
            links: links.collect(),
            handles: handles.collect(),
            fingerprints: Fingerprints {
                text: facts.text_fingerprint().map(|hash| data_encoding::HEXLOWER.encode(&hash)),
                near: facts.near_keys().iter().map(|key| data_encoding::HEXLOWER.encode(key)).collect(),
            },
        }
    }
}
