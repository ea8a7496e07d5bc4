//! A submission as JSON, and how it is checked.

use std::borrow::Cow;

use serde::Deserialize;
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

/// Reads one submission of a batch.
pub(in crate::http) fn submission_of(value: Value) -> Result<domain::Submission, Vec<FieldFault>> {
    from_value::<SubmissionBody<'_>>(value).map_err(|fault| vec![fault])?.check()
}

/// A submission. What may be left out may also be `null`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct SubmissionBody<'a> {
    external_id: Option<Cow<'a, str>>,
    post: Option<Post<'a>>,
    parent: Option<Parent<'a>>,
    kind: Option<Cow<'a, str>>,
    created_at: Option<Cow<'a, str>>,
    author: Option<Author<'a>>,
    content: Option<Cow<'a, str>>,
    format: Option<Cow<'a, str>>,
    client: Option<Client<'a>>,
    form: Option<Form<'a>>,
    mention: Option<Mention<'a>>,
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
