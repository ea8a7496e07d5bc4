//! What a blog sends for screening, parsed once; a value of these types is valid.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Bounded, CommentId, Content, ExternalId, Reason, Slug, Timestamp};

/// A name of a person: at most 245 characters (WordPress's column).
pub type Name = Bounded<245>;
/// An e-mail address as it was typed: at most 254 characters (RFC 5321).
pub type Email = Bounded<254>;
/// A web address as it was typed: at most 2,048 characters.
pub type Url = Bounded<2048>;
/// One line of descriptive text: at most 1,024 characters.
pub type Line = Bounded<1024>;

/// One comment on its way in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The blog's own id, unique in its site.
    pub external_id: Option<ExternalId>,
    /// The page commented on.
    pub post: Post,
    /// The comment this one answers.
    pub parent: Option<Parent>,
    /// What it is: `comment`, `trackback`, `pingback`, `contact`, `signup`, `review` or any slug.
    pub kind: Slug,
    /// When it was written; absent: now.
    pub created_at: Option<Timestamp>,
    /// Who wrote it.
    pub author: Author,
    /// Its text, as submitted.
    pub content: Content,
    /// How a reader's page would read the text.
    pub format: Format,
    /// Where it came from.
    pub client: Client,
    /// What the form noticed.
    pub form: Form,
    /// For trackbacks and pingbacks: which page mentions which.
    pub mention: Option<Mention>,
    /// Set for an old comment that was decided before Moderato saw it.
    pub decided: Option<Decided>,
}

/// The page commented on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The blog's id of the page.
    pub id: Bounded<255>,
    /// Its address; its host is known as the site's own.
    pub url: Option<Url>,
    /// Its title.
    pub title: Option<Line>,
    /// When it appeared.
    pub published_at: Option<Timestamp>,
    /// Its tags, at most 50.
    pub tags: Vec<Bounded<100>>,
    /// Its beginning as plain text, at most 4,096 characters.
    pub excerpt: Option<Bounded<4096>>,
    /// Its language as a BCP 47 tag.
    pub language: Option<Bounded<35>>,
    /// Who may comment, as the head moderator has set it.
    pub commenting: Option<Commenting>,
}

/// Who may comment on a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commenting {
    /// What holds until then.
    pub mode: CommentingMode,
    /// When commenting is `open` again; absent: never by itself.
    pub until: Option<Timestamp>,
}

/// The settings of a post's commenting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentingMode {
    /// Everyone.
    Open,
    /// Comments of authors without an approved one are held.
    KnownOnly,
    /// Every comment is held.
    Premoderate,
    /// Nobody; what still arrives is held.
    Closed,
}

/// The comment that is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Our id of it.
    pub id: Option<CommentId>,
    /// The blog's id of it.
    pub external_id: Option<ExternalId>,
    /// Its author's name, for the moderators' eyes.
    pub author_name: Option<Name>,
    /// Its text, for the moderators' eyes.
    pub content: Option<Content>,
}

/// How a reader's page reads the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// As it is.
    #[default]
    Text,
    /// As CommonMark.
    Markdown,
    /// As HTML.
    Html,
    /// As BBCode.
    Bbcode,
}

/// Who wrote a comment. Nothing here is proven but what `account` says is verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// As typed.
    pub name: Option<Name>,
    /// As typed.
    pub email: Option<Email>,
    /// The website as typed.
    pub url: Option<Url>,
    /// What the blog says this person is to it.
    pub role: Option<Role>,
    /// What the blog itself knows of this author.
    pub record: Option<AuthorRecord>,
    /// The identity the author signed in with; absent: a guest.
    pub account: Option<Account>,
}

/// What a person is to the blog, believed because the caller holds a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Approved whatever the score.
    Owner,
    /// Approved whatever the score.
    Staff,
    /// Approved whatever the score.
    Moderator,
    /// Screened like everybody.
    Member,
}

impl Role {
    /// Whether comments of this role are approved whatever the score.
    pub fn is_trusted(self) -> bool {
        self != Role::Member
    }
}

/// What the blog itself knows of an author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorRecord {
    /// Comments it published.
    pub approved: u32,
    /// Comments it rejected.
    pub rejected: u32,
    /// Since when it knows the author.
    pub since: Option<Timestamp>,
}

/// The identity an author signed in with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `wordpress`, `google`, `x`, `facebook`, `github` or any slug.
    pub provider: Slug,
    /// The provider's id of the person.
    pub id: Bounded<255>,
    /// Whether the platform vouches for it.
    pub verified: bool,
}

/// Where a comment came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The commenter's address.
    pub ip: Option<IpAddr>,
    /// The browser's name for itself.
    pub user_agent: Option<Line>,
    /// The page the form was on.
    pub referrer: Option<Url>,
}

/// What the form noticed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// What a field that people do not see was filled with.
    pub honeypot: Option<Line>,
    /// Milliseconds from the form's delivery to its return.
    pub millis: Option<u64>,
}

/// One page that mentions another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// The page that mentions.
    pub source: Url,
    /// The page that is mentioned.
    pub target: Url,
    /// Whether the blog found the mention there.
    pub verified: bool,
}

/// What became of an old comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Approved or rejected.
    pub outcome: Outcome,
    /// Why, when rejected.
    pub reason: Option<Reason>,
    /// Who decided.
    pub by: DecidedKind,
    /// The person's name on the blog.
    pub actor: Option<Name>,
    /// When; absent: when it was written.
    pub at: Option<Timestamp>,
}

/// The two ends of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Readers see it.
    Approve,
    /// Readers do not.
    Reject,
}

/// Whether a person or a program decided an old comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedKind {
    /// A person: it teaches.
    Person,
    /// A program: it teaches nothing.
    Machine,
}
