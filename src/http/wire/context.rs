//! What surrounds a comment, as JSON: the page, the comment it answers, the mention it is.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::fault::Faults;
use super::json::word;
use super::text::{filled, from_text};
use crate::domain::{self, CommentingMode, Fault};

/// The most tags of a post.
const MAX_TAGS: usize = 50;

/// `post`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Post<'a> {
    id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Cow<'a, str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commenting: Option<Commenting<'a>>,
}

/// `post.commenting`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct Commenting<'a> {
    mode: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Cow<'a, str>>,
}

/// `parent`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Parent<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<ParentAuthor<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Cow<'a, str>>,
}

/// `parent.author`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct ParentAuthor<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
}

/// `mention`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Mention<'a> {
    source: Option<Cow<'a, str>>,
    target: Option<Cow<'a, str>>,
    verified: Option<bool>,
}

impl Post<'_> {
    /// The page, or faults.
    pub fn check(self, faults: &mut Faults) -> Option<domain::Post> {
        let id = faults.required("/post/id", self.id);
        let id = faults.read("/post/id", id, filled);
        let tags = self.tags.unwrap_or_default();
        if tags.len() > MAX_TAGS {
            let detail = format!("has {} items; the limit is {MAX_TAGS}", tags.len());
            faults.add("/post/tags", Fault::new("too_many", detail));
        }
        let tags = tags.into_iter().take(MAX_TAGS).enumerate();
        let tags =
            tags.filter_map(|(place, tag)| faults.check(format!("/post/tags/{place}"), from_text(tag))).collect();
        let url = faults.read("/post/url", self.url, from_text);
        let title = faults.read("/post/title", self.title, from_text);
        let published_at = faults.read("/post/published_at", self.published_at, |text| text.parse());
        let excerpt = faults.read("/post/excerpt", self.excerpt, from_text);
        let language = faults.read("/post/language", self.language, from_text);
        let commenting = self.commenting.and_then(|commenting| commenting.check(faults));
        Some(domain::Post { id: id?, url, title, published_at, tags, excerpt, language, commenting })
    }
}

impl Commenting<'_> {
    fn check(self, faults: &mut Faults) -> Option<domain::Commenting> {
        let mode = faults.required("/post/commenting/mode", self.mode);
        let mode = faults.read("/post/commenting/mode", mode, word);
        let until = faults.read("/post/commenting/until", self.until, |text| text.parse());
        Some(domain::Commenting { mode: mode?, until })
    }
}

impl Parent<'_> {
    /// The comment that is answered, or faults.
    pub fn check(self, faults: &mut Faults) -> domain::Parent {
        let name = self.author.and_then(|author| author.name);
        domain::Parent {
            id: faults.read("/parent/id", self.id, |text| text.parse()),
            external_id: faults.read("/parent/external_id", self.external_id, from_text),
            author_name: faults.read("/parent/author/name", name, from_text),
            content: faults.read("/parent/content", self.content, from_text),
        }
    }

    /// The same without what only moderators may see.
    pub fn public(self) -> Self {
        Self { author: None, content: None, ..self }
    }
}

impl Mention<'_> {
    /// The mention, or faults.
    pub fn check(self, faults: &mut Faults) -> Option<domain::Mention> {
        let source = faults.required("/mention/source", self.source);
        let source = faults.read("/mention/source", source, from_text);
        let target = faults.required("/mention/target", self.target);
        let target = faults.read("/mention/target", target, from_text);
        Some(domain::Mention { source: source?, target: target?, verified: self.verified.unwrap_or(false) })
    }
}

impl<'a> From<&'a domain::Post> for Post<'a> {
    fn from(post: &'a domain::Post) -> Self {
        let tags: Vec<_> = post.tags.iter().map(|tag| Cow::from(&**tag)).collect();
        Self {
            id: Some(Cow::from(&*post.id)),
            url: post.url.as_deref().map(Cow::from),
            title: post.title.as_deref().map(Cow::from),
            published_at: post.published_at.map(|at| Cow::from(at.to_string())),
            tags: (!tags.is_empty()).then_some(tags),
            excerpt: post.excerpt.as_deref().map(Cow::from),
            language: post.language.as_deref().map(Cow::from),
            commenting: post.commenting.map(|commenting| Commenting {
                mode: Some(Cow::from(mode_word(commenting.mode))),
                until: commenting.until.map(|at| Cow::from(at.to_string())),
            }),
        }
    }
}

fn mode_word(mode: CommentingMode) -> &'static str {
    match mode {
        CommentingMode::Open => "open",
        CommentingMode::KnownOnly => "known_only",
        CommentingMode::Premoderate => "premoderate",
        CommentingMode::Closed => "closed",
    }
}

impl<'a> From<&'a domain::Parent> for Parent<'a> {
    fn from(parent: &'a domain::Parent) -> Self {
        Self {
            id: parent.id.map(|id| Cow::from(id.to_string())),
            external_id: parent.external_id.as_ref().map(|id| Cow::from(id.as_str())),
            author: parent.author_name.as_deref().map(|name| ParentAuthor { name: Some(Cow::from(name)) }),
            content: parent.content.as_deref().map(Cow::from),
        }
    }
}

impl<'a> From<&'a domain::Mention> for Mention<'a> {
    fn from(mention: &'a domain::Mention) -> Self {
        Self {
            source: Some(Cow::from(&*mention.source)),
            target: Some(Cow::from(&*mention.target)),
            verified: Some(mention.verified),
        }
    }
}
