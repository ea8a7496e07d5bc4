//! Labelled comments: where their files are, and the rows in them.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Context;
use super::failure::Failure;
use crate::domain::{Author, Client, Content, Fault, Form, Format, Post, Slug, Submission, Timestamp};
use crate::service::eval::{Label, Sample};

/// A file's rows, each with its place; the first that is none ends the reading.
pub(super) struct Rows {
    lines: Lines<BufReader<File>>,
    place: Place,
}

/// A line of a file.
#[derive(Clone, Debug)]
pub(super) struct Place {
    file: PathBuf,
    /// The file's place among the files.
    number: usize,
    line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

impl Rows {
    /// The rows of the file that is the `number`th to be read.
    pub(super) fn open(number: usize, path: &Path) -> Result<Self, Failure> {
        let unreadable = |error| Failure::new(format!("{} cannot be read: {error}", path.display()));
        let lines = BufReader::new(File::open(path).map_err(unreadable)?).lines();
        Ok(Self { lines, place: Place { file: path.to_owned(), number, line: 0 } })
    }
}

impl Iterator for Rows {
    type Item = Result<(Sample, Place), Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.next()?;
        self.place.line += 1;
        let read = || {
            let line = line.map_err(|error| error.to_string())?;
            let row: Row = serde_json::from_str(&line).map_err(|error| plain(&error))?;
            row.sample(&self.place)
        };
        Some(
            read()
                .map(|sample| (sample, self.place.clone()))
                .map_err(|fault| Failure::new(format!("{}: {fault}", self.place))),
        )
    }
}

/// What a parser says of a row; the place in the file is told by us.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    format!("is no labelled comment: {text}")
}

/// A labelled comment as it is written down. Other fields are for other readers.
#[derive(Deserialize)]
struct Row {
    source: Option<String>,
    label: Label,
    content: String,
    author_name: Option<String>,
    author_email: Option<String>,
    author_url: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    created_at: Option<String>,
    post_id: Option<String>,
    kind: Option<String>,
    format: Option<Format>,
}

impl Row {
    fn sample(self, place: &Place) -> Result<Sample, String> {
        let file_name = || place.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let post = known(self.post_id).unwrap_or_else(|| format!("{}:{}", place.number, place.line));
        let author = Author {
            name: field("author_name", self.author_name)?,
            email: field("author_email", self.author_email)?,
            url: field("author_url", self.author_url)?,
            ..Author::default()
        };
        let ip = known(self.ip).map(|text| text.parse().map_err(|_| format!("ip {text:?} is no IP address")));
        let submission = Submission {
            external_id: None,
            post: Post { id: required("post_id", post.try_into())?, ..Post::default() },
            parent: None,
            kind: required("kind", Slug::try_from(known(self.kind).unwrap_or_else(|| "comment".to_owned())))?,
            created_at: None,
            author,
            content: required("content", Content::try_from(self.content))?,
            format: self.format.unwrap_or_default(),
            client: Client { ip: ip.transpose()?, user_agent: field("user_agent", self.user_agent)?, referrer: None },
            form: Form::default(),
            mention: None,
            decided: None,
        };
        let written_at = self.created_at.as_deref().and_then(time);
        let source = known(self.source).unwrap_or_else(file_name);
        Ok(Sample { source, label: self.label, written_at, submission })
    }
}

fn known(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn field<T: TryFrom<String, Error = Fault>>(name: &str, text: Option<String>) -> Result<Option<T>, String> {
    known(text).map(|text| required(name, T::try_from(text))).transpose()
}

fn required<T>(name: &str, parsed: Result<T, Fault>) -> Result<T, String> {
    parsed.map_err(|fault| format!("{name} {fault}"))
}

/// A time as RFC 3339, or without a zone, taken as UTC. Anything else is not known.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

/// Where a file is: here, or (a bare name that is not here) in the folder of labelled data.
pub(super) fn find(file: &Path, context: &Context<'_>) -> PathBuf {
    let bare = file.file_name() == Some(file.as_os_str());
    match context.environment.labelled_data() {
        Some(folder) if bare && !file.exists() => folder.join(file),
        _ => file.to_owned(),
    }
}
