//! An edit of a comment as JSON.

use std::borrow::Cow;

use serde::Deserialize;

use super::fault::{Faults, FieldFault};
use super::json::word;
use super::text::from_text;
use crate::domain::{Edit, EditedBy, Fault};

/// What a comment says now, and who says so. What is left out stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct EditBody<'a> {
    edited_by: Option<Cow<'a, str>>,
    content: Option<Cow<'a, str>>,
    format: Option<Cow<'a, str>>,
    author: Option<EditedAuthor<'a>>,
}

/// What an edit may change of the author: nothing that tells who they are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct EditedAuthor<'a> {
    name: Option<Cow<'a, str>>,
    url: Option<Cow<'a, str>>,
}

impl EditBody<'_> {
    /// The edit and who makes it, or every fault of it.
    pub fn check(self) -> Result<(Edit, EditedBy), Vec<FieldFault>> {
        let mut faults = Faults::default();
        let by = faults.required("/edited_by", self.edited_by);
        let by = faults.read("/edited_by", by, word);
        let author = self.author.unwrap_or_default();
        let is_empty = [&self.content, &self.format, &author.name, &author.url].iter().all(|field| field.is_none());
        if is_empty {
            faults.add("", Fault::new("missing", "must bring at least one of `content`, `format`, `author`"));
        }
        let edit = Edit {
            content: faults.read("/content", self.content, from_text),
            format: faults.read("/format", self.format, word),
            name: faults.read("/author/name", author.name, from_text),
            url: faults.read("/author/url", author.url, from_text),
        };
        faults.finish(by.map(|by| (edit, by)))
    }
}
