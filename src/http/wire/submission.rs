//! A submission as JSON, and how it is checked.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::{Mention, Parent, Post};
use super::decision::Decided;
use super::fault::{Faults, FieldFault};
use super::json::{JsonError, from_value, parse_json, word};
use super::people::{Author, Client, Form};
use super::text::from_text;
use crate::domain::{self, ExternalId, Fault, Slug};

/// Reads one submission; the faults are all there are, unless the JSON itself is not what it should be.
pub fn parse_submission(json: &[u8]) -> Result<domain::Submission, Vec<FieldFault>> {
    match parse_json::<SubmissionBody<'_>>(json) {
        Ok(body) => body.check(),
        Err(JsonError::Field(fault)) => Err(vec![fault]),
        Err(JsonError::Syntax(detail)) => Err(vec![FieldFault::new("", Fault::new("invalid_json", detail))]),
    }
}

/// Reads one submission from JSON that was read before: of a batch, or made of another format.
pub fn submission_of(value: Value) -> Result<domain::Submission, Vec<FieldFault>> {
    from_value::<SubmissionBody<'_>>(value).map_err(|fault| vec![fault])?.check()
}

/// A submission. What may be left out may also be `null`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct SubmissionBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<Cow<'a, str>>,
    post: Option<Post<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Parent<'a>>,
    kind: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Cow<'a, str>>,
    author: Option<Author<'a>>,
    content: Option<Cow<'a, str>>,
    format: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<Client<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<Form<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mention: Option<Mention<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<Decided<'a>>,
}

/// Many submissions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct Batch {
    pub r#do: Option<String>,
    pub submissions: Option<Vec<Value>>,
}

/// The blog's id for a comment that had none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct ExternalBody {
    external_id: Option<String>,
}

impl SubmissionBody<'_> {
    /// The submission, or every fault of it.
    pub fn check(self) -> Result<domain::Submission, Vec<FieldFault>> {
        let mut faults = Faults::default();
        let checked = self.checked(&mut faults);
        faults.finish(checked)
    }

    fn checked(self, faults: &mut Faults) -> Option<domain::Submission> {
        let external_id = faults.read("/external_id", self.external_id, from_text);
        let post = faults.required("/post", self.post).and_then(|post| post.check(faults));
        let parent = self.parent.map(|parent| parent.check(faults));
        let kind = faults.read("/kind", Some(self.kind.unwrap_or(Cow::from("comment"))), from_text::<Slug>);
        let created_at = faults.read("/created_at", self.created_at, |text| text.parse());
        let author = faults.required("/author", self.author).and_then(|author| author.check(faults));
        let content = faults.required("/content", self.content);
        let content = faults.read("/content", content, from_text);
        let format = faults.read("/format", self.format, word).unwrap_or_default();
        let client = self.client.unwrap_or_default().check(faults);
        let form = self.form.unwrap_or_default().check(faults);
        let mention = self.mention.and_then(|mention| mention.check(faults));
        let decided = self.decided.and_then(|decided| decided.check(faults));
        Some(domain::Submission {
            external_id,
            post: post?,
            parent,
            kind: kind?,
            created_at,
            author: author?,
            content: content?,
            format,
            client,
            form,
            mention,
            decided,
        })
    }
}

impl<'a> From<&'a domain::Submission> for SubmissionBody<'a> {
    fn from(submission: &'a domain::Submission) -> Self {
        let format = match submission.format {
            domain::Format::Text => "text",
            domain::Format::Markdown => "markdown",
            domain::Format::Html => "html",
            domain::Format::Bbcode => "bbcode",
        };
        Self {
            external_id: submission.external_id.as_ref().map(|id| Cow::from(id.as_str())),
            post: Some(Post::from(&submission.post)),
            parent: submission.parent.as_ref().map(Parent::from),
            kind: Some(Cow::from(&*submission.kind)),
            created_at: submission.created_at.map(|at| Cow::from(at.to_string())),
            author: Some(Author::from(&submission.author)),
            content: Some(Cow::from(&*submission.content)),
            format: Some(Cow::from(format)),
            client: (submission.client != domain::Client::default()).then(|| Client::from(&submission.client)),
            form: (submission.form != domain::Form::default()).then(|| Form::from(&submission.form)),
            mention: submission.mention.as_ref().map(Mention::from),
            decided: submission.decided.as_ref().map(Decided::from),
        }
    }
}

impl ExternalBody {
    /// The blog's id, or what is wrong with it.
    pub fn check(self) -> Result<ExternalId, Vec<FieldFault>> {
        let mut faults = Faults::default();
        let id = faults.required("/external_id", self.external_id);
        let id = faults.read("/external_id", id, |text| from_text(text.into()));
        faults.finish(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_of_a_submission_are_told_at_once() {
        let json = r#"{"post": {"id": "", "published_at": "soon"}, "author": {"role": "king"}, "client": {"ip": "here"},
            "form": {"seconds": -1}, "decided": {"action": "approve", "reason": "spam"}}"#;
        let faults = parse_submission(json.as_bytes()).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (fault.field.as_str(), fault.code)).collect();
        let expected = [
            ("/post/id", "empty"),
            ("/post/published_at", "invalid_time"),
            ("/author/role", "unknown_value"),
            ("/content", "missing"),
            ("/client/ip", "invalid_ip"),
            ("/form/seconds", "out_of_range"),
            ("/decided/by", "missing"),
            ("/decided/reason", "not_allowed"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        let faults = parse_submission(b"{\"post\": ").unwrap_err();
        assert_eq!(faults[0].to_string(), "The body is no JSON: EOF while parsing a value at line 1 column 9.");
    }

    #[test]
    fn what_may_be_left_out_may_be_null() {
        let json = r#"{"post": {"id": "1", "tags": null}, "author": {"name": null}, "content": "", "client": null}"#;
        let read = parse_submission(json.as_bytes()).unwrap();
        assert_eq!((&*read.kind, read.form), ("comment", domain::Form::default()));
    }
}
