//! Moderato's own exports: lines of JSON with a last one that tells whether the file is whole.

use std::fs::File;
use std::io::{BufRead, BufReader};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::lines::{Lines, Read};
use super::{Found, Item, Source};
use crate::cli::failure::Failure;
use crate::cli::leaving::{AnyLine, End, FORMAT, MAX_LINE};
use crate::domain::{SiteOverrides, Timestamp};
use crate::http::wire::{FieldFault, JsonError, parse_json};

/// Reads an export line by line.
pub(super) struct Export<R> {
    lines: Lines<R>,
    now: Timestamp,
    seen: End,
    end: Option<End>,
    is_over: bool,
}

impl<R: BufRead> Export<R> {
    /// Reads an export at this moment.
    pub(super) fn new(reader: R, now: Timestamp) -> Self {
        let (seen, end) = (End::default(), None);
        Self { lines: Lines::new(reader, MAX_LINE), now, seen, end, is_over: false }
    }

    /// What a line after the first holds.
    fn item(&mut self) -> Result<Option<Item>, Vec<String>> {
        let AnyLine { comment, tombstone, entry, end } = match parse_json(self.lines.line()) {
            Ok(line) => line,
            Err(JsonError::Field(fault)) => return Err(told(&[fault])),
            Err(JsonError::Syntax(detail)) => return Err(vec![detail]),
        };
        match (comment, tombstone, entry, end) {
            (Some(comment), None, None, None) => {
                let comment = comment.check(self.now).map_err(|faults| told(&faults))?;
                Ok(Some(Item::Comment(Box::new(comment))))
            }
            (None, Some(tombstone), None, None) => {
                let tombstone = tombstone.check().map_err(|faults| told(&faults))?;
                Ok(Some(Item::Tombstone(Box::new(tombstone))))
            }
            (None, None, Some(entry), None) => {
                let (list, entry) = entry.check().map_err(|faults| told(&faults))?;
                Ok(Some(Item::Entry(list, Box::new(entry))))
            }
            (None, None, None, Some(end)) => {
                self.end = Some(end);
                Ok(None)
            }
            _ => Err(vec!["must be an object with one of `comment`, `tombstone`, `entry`, `end`".to_owned()]),
        }
    }

    /// What the end of the file shows: whether it is all that was written.
    fn last_words(&self) -> Option<Found> {
        let fault = differs(&self.seen, self.end.as_ref())?;
        Some(Found { place: "the export".to_owned(), weight: 0, item: Err(vec![fault]) })
    }
}

impl<R: BufRead> Source for Export<R> {
    fn next(&mut self) -> Result<Option<Found>, Failure> {
        if self.is_over {
            return Ok(None);
        }
        loop {
            let unread = |error| Failure::new(format!("cannot read further: {error}"));
            let read = self.lines.next().map_err(unread)?;
            let (number, weight) = (self.lines.number(), self.lines.line().len());
            let place = format!("line {number}");
            let bad = |fault: String| Ok(Some(Found { place: place.clone(), weight: 0, item: Err(vec![fault]) }));
            match read {
                Read::Line => {}
                Read::TooLong => return bad(format!("has more than {MAX_LINE} bytes (4 MiB), the limit of a line")),
                Read::End => {
                    self.is_over = true;
                    return Ok(self.last_words());
                }
            }
            if number == 1 {
                let policy = header(self.lines.line()).map_err(Failure::new)?;
                return Ok(Some(Found { place, weight, item: Ok(Item::Policy(policy)) }));
            }
            if self.end.is_some() {
                self.is_over = true;
                return bad("stands behind the last line of an export; it and what follows is left out".to_owned());
            }
            match self.item() {
                Ok(Some(item)) => {
                    self.seen.comments += u64::from(matches!(item, Item::Comment(_)));
                    self.seen.tombstones += u64::from(matches!(item, Item::Tombstone(_)));
                    self.seen.entries += u64::from(matches!(item, Item::Entry(..)));
                    return Ok(Some(Found { place, weight, item: Ok(item) }));
                }
                Ok(None) => self.seen.sha256 = self.lines.hash(),
                Err(faults) => {
                    count(&mut self.seen, self.lines.line());
                    return Ok(Some(Found { place, weight: 0, item: Err(faults) }));
                }
            }
        }
    }
}

/// Whether a file is whole and as it was written; nothing is made of its lines yet.
pub(super) fn verify(file: File) -> Result<(), String> {
    let mut lines = Lines::new(BufReader::with_capacity(256 * 1024, file), MAX_LINE);
    let (mut seen, mut end) = (End::default(), None);
    loop {
        match lines.next().map_err(|error| format!("cannot be read: {error}"))? {
            Read::Line => {}
            Read::TooLong => continue,
            Read::End => break,
        }
        let line = lines.line();
        match kind(line) {
            _ if end.is_some() => return Err("goes on behind the last line of an export".to_owned()),
            Some(Kind { end: Some(_), .. }) => {
                end = serde_json::from_slice::<Last>(line).ok().map(|last| last.end);
                seen.sha256 = lines.hash();
            }
            // Whoever reads on tells what is wrong with it, before anything is written.
            _ if lines.number() == 1 && header(line).is_err() => return Ok(()),
            _ if lines.number() == 1 => {}
            _ => count(&mut seen, line),
        }
    }
    differs(&seen, end.as_ref()).map_or(Ok(()), Err)
}

/// What is wrong with a file that ends so, if anything is.
fn differs(seen: &End, end: Option<&End>) -> Option<String> {
    let Some(end) = end else {
        return Some("has no last line: it was cut off, or it is still being written".to_owned());
    };
    if (seen.comments, seen.tombstones) != (end.comments, end.tombstones) {
        return Some(format!(
            "has {} comments and {} tombstones, but its last line tells of {} and {}: it was altered",
            seen.comments, seen.tombstones, end.comments, end.tombstones
        ));
    }
    if seen.entries != end.entries {
        let (seen, told) = (seen.entries, end.entries);
        return Some(format!("has {seen} entries of lists, but its last line tells of {told}: it was altered"));
    }
    (seen.sha256 != end.sha256).then(|| "is not what its last line tells (sha256): it was altered".to_owned())
}

/// The policy of an export's first line, or why it is none that is read here.
fn header(line: &[u8]) -> Result<SiteOverrides, String> {
    let fault = |detail: &str| format!("line 1 {detail}");
    let Ok(Value::Object(mut header)) = parse_json::<Value>(line) else {
        return Err(fault("is not the first line of an export of Moderato (`{\"export\":\"moderato\",…}`)"));
    };
    if header.get("export").and_then(Value::as_str) != Some("moderato") {
        return Err(fault("is not the first line of an export of Moderato: `export` must be \"moderato\""));
    }
    match header.get("format").and_then(Value::as_u64) {
        Some(FORMAT) => {}
        Some(newer) if newer > FORMAT => {
            return Err(format!(
                "line 1 tells of format {newer}, which a newer version of Moderato wrote; this one reads {FORMAT}: \
                 upgrade it"
            ));
        }
        _ => return Err(fault("has no `format` that is read here; it must be 1")),
    }
    let policy = header.remove("policy");
    if let Some(unknown) = header.keys().find(|key| !["export", "format"].contains(&key.as_str())) {
        return Err(format!("line 1: {unknown} is not known here"));
    }
    match policy {
        Some(Value::Object(policy)) => Ok(SiteOverrides(policy)),
        _ => Err(fault("must have a `policy`, an object")),
    }
}

/// What a line is, by its key alone.
#[derive(Deserialize)]
struct Kind {
    comment: Option<IgnoredAny>,
    tombstone: Option<IgnoredAny>,
    entry: Option<IgnoredAny>,
    end: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Last {
    end: End,
}

fn kind(line: &[u8]) -> Option<Kind> {
    serde_json::from_slice(line).ok()
}

fn count(seen: &mut End, line: &[u8]) {
    if let Some(Kind { comment, tombstone, entry, .. }) = kind(line) {
        seen.entries += u64::from(entry.is_some());
        seen.comments += u64::from(comment.is_some());
        seen.tombstones += u64::from(tombstone.is_some());
    }
}

/// Faults as sentences that end a line.
fn told(faults: &[FieldFault]) -> Vec<String> {
    faults.iter().map(|fault| format!("{} {}", fault.field, fault.detail).trim_start().to_owned()).collect()
}
