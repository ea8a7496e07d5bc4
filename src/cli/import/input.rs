//! What is imported: a file or a pipe, and which format it is in.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use clap::ValueEnum;

use crate::cli::failure::Failure;

/// How many bytes of a file tell its format: the first element of an export, behind comments that may stand before it.
const HEAD: u64 = 64 * 1024;

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum From {
    /// What `moderato export` writes
    Moderato,
    /// WordPress's export (WXR)
    Wxr,
    /// Disqus's comments export
    Disqus,
}

/// Something to import.
pub(super) struct Input {
    /// What it is called.
    pub name: String,
    /// Its format.
    pub from: From,
    /// All of it.
    pub reader: Box<dyn BufRead>,
    /// The same from its beginning once more, if it is a file.
    pub again: Option<File>,
}

impl Input {
    /// Opens a file (`-`: standard input) and looks at its beginning.
    pub(super) fn open(path: &Path, from: Option<From>) -> Result<Self, Failure> {
        let is_standard = path.as_os_str() == "-";
        let name = if is_standard { "standard input".to_owned() } else { path.display().to_string() };
        let unread = |error: io::Error| Failure::new(format!("cannot read {name}: {error}"));
        let (mut source, again): (Box<dyn Read>, Option<File>) = if is_standard {
            (Box::new(io::stdin().lock()), None)
        } else {
            let file = File::open(path).map_err(unread)?;
            let kind = file.metadata().map_err(unread)?.file_type();
            if kind.is_dir() {
                return Err(Failure::new(format!("{name} is a directory; name a file")));
            }
            let again = if kind.is_file() { Some(File::open(path).map_err(unread)?) } else { None };
            (Box::new(file), again)
        };
        let mut head = Vec::new();
        source.by_ref().take(HEAD).read_to_end(&mut head).map_err(unread)?;
        let from = match from {
            Some(from) => from,
            None => recognise(&head).map_err(|why| Failure::new(format!("{name} {why}")))?,
        };
        let reader = Box::new(BufReader::with_capacity(256 * 1024, Cursor::new(head).chain(source)));
        Ok(Self { name, from, reader, again })
    }
}

/// The format of what begins so; the error completes "the file …".
fn recognise(head: &[u8]) -> Result<From, &'static str> {
    let begins = |bytes: &[u8]| head.starts_with(bytes);
    if head.is_empty() {
        return Err("is empty");
    }
    if begins(b"\x1f\x8b") || begins(b"PK\x03\x04") {
        return Err("is compressed; unpack it first, such as with gunzip");
    }
    if begins(b"\xff\xfe") || begins(b"\xfe\xff") {
        return Err("is UTF-16; only UTF-8 is read");
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if text.starts_with('{') {
        Ok(From::Moderato)
    } else if text.starts_with('<') && text.contains("http://wordpress.org/export/") {
        Ok(From::Wxr)
    } else if text.starts_with('<') && text.contains("<disqus") {
        Ok(From::Disqus)
    } else {
        Err("is no export of Moderato, WordPress or Disqus that is known here; if it is one, --from names it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_beginning() {
        let wxr = "\u{feff}<?xml version=\"1.0\"?><!-- x --><rss xmlns:wp=\"http://wordpress.org/export/1.2/\">";
        assert_eq!(recognise(wxr.as_bytes()), Ok(From::Wxr));
        assert_eq!(recognise(b"<disqus xmlns=\"http://disqus.com\">"), Ok(From::Disqus));
        assert_eq!(recognise(b"{\"export\":\"moderato\"}"), Ok(From::Moderato));
        for other in ["", "hello", "<rss><channel/></rss>", "\x1f\u{8b}"] {
            assert!(recognise(other.as_bytes()).is_err(), "{other}");
        }
    }
}
