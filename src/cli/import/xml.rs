//! XML as far as exports need it: elements and texts, within limits, and nothing that unfolds.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// The most bytes of one tag or text: the longest that is read over is a post's own text.
const MAX_PART: usize = 16 * 1024 * 1024;

/// How deep elements may lie in each other.
const MAX_DEPTH: usize = 64;

/// The most bytes that the fields of one element may have together.
const MAX_FIELDS: usize = 1024 * 1024;

/// Reads XML from beginning to end.
pub(super) struct Xml<R> {
    reader: Reader<Bounds<R>>,
    buffer: Vec<u8>,
    depth: usize,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// An element begins: its name with its prefix, and its attributes.
    Open(String, Vec<(String, String)>),
    /// Some of its text.
    Text(String),
    /// It ends.
    Close,
    /// There is no more.
    End,
}

/// The texts of an element's parts, by their paths: `author/name`, `thread@dsq:id`.
#[derive(Debug, Default)]
pub(super) struct Fields {
    texts: HashMap<String, String>,
    bytes: usize,
}

impl<R: BufRead> Xml<R> {
    pub(super) fn new(inner: R) -> Self {
        let mut reader = Reader::from_reader(Bounds { inner, line: 1, since: 0 });
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        // Old versions of WordPress write addresses with `&` as they are.
        config.allow_dangling_amp = true;
        Self { reader, buffer: Vec::new(), depth: 0 }
    }

    /// The line that was read last, from 1.
    pub(super) fn line(&self) -> u64 {
        self.reader.get_ref().line
    }

    /// What comes next. The error completes "the file …".
    pub(super) fn next(&mut self) -> Result<Part, String> {
        loop {
            self.buffer.clear();
            self.reader.get_mut().since = 0;
            let read = self.reader.read_event_into(&mut self.buffer);
            let line = self.reader.get_ref().line;
            let wrong = |what: String| Err(format!("cannot be read at line {line}: {what}"));
            match read {
                Ok(Event::Start(tag)) => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return wrong(format!("elements lie deeper than the limit of {MAX_DEPTH}"));
                    }
                    return match attributes(&tag) {
                        Ok(attributes) => Ok(Part::Open(tag.name().as_ref().to_owned(), attributes)),
                        Err(what) => wrong(what),
                    };
                }
                Ok(Event::End(_)) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Part::Close);
                }
                Ok(Event::Text(text)) => return Ok(Part::Text(text.xml10_content().into_owned())),
                Ok(Event::CData(text)) => return Ok(Part::Text(text.xml10_content().into_owned())),
                Ok(Event::GeneralRef(reference)) => return Ok(Part::Text(resolve(&reference))),
                Ok(Event::DocType(_)) => {
                    return wrong("it has a DOCTYPE, which no export has; nothing of it is unfolded".to_owned());
                }
                Ok(Event::Decl(declaration)) => match declaration.encoding() {
                    Some(Ok(encoding)) if !encoding.eq_ignore_ascii_case("utf-8") => {
                        return wrong(format!("it is in {encoding}; only UTF-8 is read"));
                    }
                    _ => {}
                },
                Ok(Event::Eof) if self.depth > 0 => {
                    return wrong("it ends in the middle of an element: it was cut off".to_owned());
                }
                Ok(Event::Eof) => return Ok(Part::End),
                Ok(Event::Empty(_) | Event::Comment(_) | Event::PI(_)) => {}
                Err(error) => return wrong(error.to_string()),
            }
        }
    }

    /// Reads to the end of the element that was opened last, and leaves everything out.
    pub(super) fn skip(&mut self) -> Result<(), String> {
        self.fields(&[]).map(|_| ())
    }

    /// The text of the element that was opened last.
    pub(super) fn text(&mut self) -> Result<String, String> {
        let mut fields = self.fields(&[""])?;
        Ok(fields.take("").unwrap_or_default())
    }

    /// Reads to the end of the element that was opened last, and keeps the texts of these paths. Of a path that is there
    /// more than once, all texts.
    pub(super) fn fields(&mut self, wanted: &[&str]) -> Result<Fields, String> {
        let (mut fields, end) = (Fields::default(), self.depth - 1);
        let mut path = Vec::new();
        loop {
            match self.next()? {
                Part::Open(name, attributes) => {
                    path.push(name);
                    let place = path.join("/");
                    for (name, value) in attributes {
                        fields.add(wanted, &format!("{place}@{name}"), &value);
                    }
                }
                Part::Text(text) => fields.add(wanted, &path.join("/"), &text),
                Part::Close => {
                    path.pop();
                    if self.depth == end {
                        return Ok(fields);
                    }
                }
                Part::End => return Ok(fields),
            }
        }
    }
}

impl Fields {
    /// The text of a path, without the white space around it; `None` if there is none.
    pub(super) fn take(&mut self, path: &str) -> Option<String> {
        let text = self.texts.remove(path)?;
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| if trimmed.len() == text.len() { text.clone() } else { trimmed.to_owned() })
    }

    /// The text of a path as it is.
    pub(super) fn take_whole(&mut self, path: &str) -> String {
        self.texts.remove(path).unwrap_or_default()
    }

    /// Whether there was more than is kept.
    pub(super) fn are_too_long(&self) -> bool {
        self.bytes > MAX_FIELDS
    }

    /// About how many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn add(&mut self, wanted: &[&str], path: &str, text: &str) {
        if !wanted.contains(&path) {
            return;
        }
        self.bytes += text.len();
        if !self.are_too_long() {
            self.texts.entry(path.to_owned()).or_default().push_str(text);
        }
    }
}

fn attributes(tag: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let read = |attribute: Result<quick_xml::events::attributes::Attribute<'_>, _>| {
        let attribute = attribute.map_err(|error: quick_xml::events::attributes::AttrError| error.to_string())?;
        Ok((attribute.key.as_ref().to_owned(), attribute.value.to_string()))
    };
    tag.attributes().map(read).collect()
}

/// What `&…;` stands for: a character, one of the five that XML knows, or (as no other can have been declared) itself.
fn resolve(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    let known = quick_xml::escape::resolve_xml_entity(reference);
    known.map_or_else(|| format!("&{};", &**reference), str::to_owned)
}

/// Counts lines, and ends what is longer than anything in an export.
struct Bounds<R> {
    inner: R,
    line: u64,
    since: usize,
}

impl<R: BufRead> Read for Bounds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let taken = bytes.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&bytes[..taken]);
        self.consume(taken);
        Ok(taken)
    }
}

impl<R: BufRead> BufRead for Bounds<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since > MAX_PART {
            return Err(io::Error::other(format!("a tag or a text has more than {MAX_PART} bytes (16 MiB)")));
        }
        let left = MAX_PART + 1 - self.since;
        let bytes = self.inner.fill_buf()?;
        Ok(&bytes[..bytes.len().min(left)])
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed has been looked at, so this reads nothing.
        let bytes = self.inner.fill_buf().unwrap_or_default();
        let lines = bytes.iter().take(amount).filter(|byte| **byte == b'\n').count();
        self.line += lines as u64;
        self.since = self.since.saturating_add(amount);
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(xml: &str, wanted: &[&str]) -> Result<Fields, String> {
        let mut xml = Xml::new(xml.as_bytes());
        xml.next()?;
        xml.fields(wanted)
    }

    #[test]
    fn fields_are_texts_by_their_paths() {
        let xml = "<a>\n<b><![CDATA[<p>1 ]]]]><![CDATA[>]]></b><c d:id=\"7\"/><e><b>no &amp; yes&#33; &nbsp; a&b=2</b></e></a>";
        let mut fields = fields(xml, &["b", "c@d:id", "e/b"]).unwrap();
        assert_eq!(fields.take_whole("b"), "<p>1 ]]>");
        assert_eq!(fields.take("c@d:id").unwrap(), "7");
        assert_eq!(fields.take("e/b").unwrap(), "no & yes! &nbsp; a&b=2");
    }

    #[test]
    fn what_unfolds_or_never_ends_is_refused() {
        let laughs = "<!DOCTYPE a [<!ENTITY l \"lol\"><!ENTITY m \"&l;&l;\">]><a>&m;</a>";
        let outside = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>";
        let deep = "<a>".repeat(65);
        let long = format!("<a>{}</a>", "x".repeat(17 * 1024 * 1024));
        for (xml, said) in [(laughs, "DOCTYPE"), (outside, "DOCTYPE"), (&deep, "deeper"), (&long, "16 MiB")] {
            let told = fields(xml, &["b"]).unwrap_err();
            assert!(told.contains(said), "{told}");
        }
        for cut in ["<a><b>", "<a><b", "<a></b>", "<a><![CDATA[", "<?xml version=\"1.0\" encoding=\"latin1\"?><a/>"] {
            assert!(fields(cut, &["b"]).is_err(), "{cut}");
        }
        let big = format!("<a><b>{}</b></a>", "x".repeat(2 * 1024 * 1024));
        assert!(fields(&big, &["b"]).unwrap().are_too_long());
    }
}
