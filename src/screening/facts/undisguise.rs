//! A text as addresses are looked for in it: `evil[.]com`, `ｅｖｉｌ．ｃｏｍ` and `evil dot com` as `evil.com`, with the way back.

use std::borrow::Cow;

use super::Span;
use super::script::{is_dressed, is_invisible};

/// Ways to write a full stop in brackets.
const STOPS: &[&str] = &["[.]", "(.)", "{.}", "[dot]", "(dot)", "{dot}", "[точка]", "(точка)"];

/// Top-level domains behind a spelt-out ` dot `.
const SPELT: &[&str] =
    &["com", "net", "org", "info", "ru", "co", "io", "biz", "xyz", "top", "shop", "site", "online", "club"];

/// Words before ` dot com ` that speak of it rather than spell an address.
const SPEAKING: &[&str] = &[
    "a", "add", "added", "adding", "and", "any", "called", "each", "every", "first", "in", "its", "like", "my", "of",
    "old", "or", "our", "say", "says", "that", "the", "their", "this", "to", "type", "typed", "typing", "was", "were",
    "with", "word", "words", "your",
];

/// A text without disguises.
pub struct Undisguised<'a> {
    /// What is read.
    pub text: Cow<'a, str>,
    /// Where the character of each byte begins in the original, and where the original ends; none if nothing is disguised.
    places: Vec<usize>,
}

impl<'a> Undisguised<'a> {
    /// Undoes what a text hides its addresses behind.
    pub fn of(source: &'a str) -> Self {
        if !may_be_disguised(source) {
            return Self { text: Cow::Borrowed(source), places: Vec::new() };
        }
        let mut plain =
            Writer { text: String::with_capacity(source.len()), places: Vec::with_capacity(source.len() + 1) };
        let mut at = 0;
        while let Some(c) = source[at..].chars().next() {
            let rest = &source[at..];
            at += match plain.stop(rest) {
                Some(length) => {
                    plain.push('.', at);
                    length
                }
                None => {
                    plain.letter(c, rest, at);
                    c.len_utf8()
                }
            };
        }
        plain.places.push(source.len());
        Self { text: Cow::Owned(plain.text), places: plain.places }
    }

    /// Where a part of the text stands in the original.
    pub fn origin(&self, (start, end): Span) -> Span {
        match self.places.is_empty() {
            true => (start, end),
            false => (self.places[start], self.places[end]),
        }
    }
}

struct Writer {
    text: String,
    places: Vec<usize>,
}

impl Writer {
    fn push(&mut self, c: char, at: usize) {
        self.places.extend(std::iter::repeat_n(at, c.len_utf8()));
        self.text.push(c);
    }

    fn letter(&mut self, c: char, rest: &str, at: usize) {
        match c {
            _ if c.is_ascii() => self.push(c, at),
            _ if is_invisible(c) => {}
            '．' | '。' | '｡' | '․' if self.follows_name() && names(&rest[c.len_utf8()..]) => self.push('.', at),
            '：' if rest[c.len_utf8()..].starts_with(['/', '／']) => self.push(':', at),
            '／' => self.push('/', at),
            '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => self.push(wide(c), at),
            _ if is_dressed(c) => {
                use unicode_normalization::UnicodeNormalization;
                std::iter::once(c).nfkc().for_each(|plain| self.push(plain, at));
            }
            _ => self.push(c, at),
        }
    }

    /// How long the full stop in disguise is that stands here, if one does.
    fn stop(&self, rest: &str) -> Option<usize> {
        let first = *rest.as_bytes().first()?;
        if !matches!(first, b'[' | b'(' | b'{' | b' ') || !self.follows_name() {
            return None;
        }
        let inner = rest.trim_start_matches(' ');
        let spaces = rest.len() - inner.len();
        if spaces > 1 {
            return None;
        }
        let lower = |length: usize| inner.get(..length).map(str::to_lowercase);
        for stop in STOPS {
            if lower(stop.len()).is_some_and(|start| start == *stop) {
                let behind = &inner[stop.len()..];
                let gap = usize::from(behind.starts_with(' ') && spaces == 1);
                return names(&behind[gap..]).then_some(spaces + stop.len() + gap);
            }
        }
        let is_spelt = spaces == 1 && lower(4).is_some_and(|start| start == "dot ") && self.last_word_is_a_name();
        let tld = inner.get(4..)?.split(|c: char| !c.is_alphanumeric()).next()?.to_lowercase();
        (is_spelt && SPELT.contains(&tld.as_str())).then_some(5)
    }

    fn follows_name(&self) -> bool {
        self.text.ends_with(|c: char| c.is_ascii_alphanumeric())
    }

    fn last_word_is_a_name(&self) -> bool {
        let word = self.text.rsplit(|c: char| !c.is_alphanumeric() && c != '-').next().unwrap_or_default();
        word.len() > 1 && !SPEAKING.contains(&word.to_lowercase().as_str())
    }
}

fn names(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ'))
}

/// The plain form of a letter or digit of full width.
fn wide(c: char) -> char {
    char::from_u32(c as u32 - 0xFEE0).unwrap_or(c)
}

fn may_be_disguised(text: &str) -> bool {
    let bytes = text.as_bytes();
    !text.is_ascii()
        || bytes.windows(5).any(|five| {
            let lower = five.map_ascii();
            lower == *b" dot "
                || (matches!(lower[0], b'[' | b'(' | b'{') && (lower[1] == b'.' || &lower[1..4] == b"dot"))
        })
}

/// Five bytes in lower case.
trait Lower {
    fn map_ascii(&self) -> [u8; 5];
}

impl Lower for [u8] {
    fn map_ascii(&self) -> [u8; 5] {
        let mut lower = [0; 5];
        for (to, from) in lower.iter_mut().zip(self) {
            *to = from.to_ascii_lowercase();
        }
        lower
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguises_are_undone_and_lead_back() {
        for (source, text) in [
            ("evil[.]com", "evil.com"),
            ("evil (dot) com", "evil.com"),
            ("see evil dot com now", "see evil.com now"),
            ("ｅｖｉｌ．ｃｏｍ", "evil.com"),
            ("ｈｔｔｐ：／／evil.com", "http://evil.com"),
            ("ev\u{200B}il。com", "evil.com"),
        ] {
            let found = Undisguised::of(source);
            assert_eq!(found.text, text, "{source}");
            assert_eq!(found.origin((0, found.text.len())), (0, source.len()));
        }
        let found = Undisguised::of("a ｅvil[.]com");
        assert_eq!(found.origin((2, 10)), (2, 14));
    }

    #[test]
    fn sentences_about_dots_and_code_stay_as_they_are() {
        for text in ["the dot com bubble", "x (dot) product", "f(.5)", "好。很好", "a [.] b", "connect the dot now"]
        {
            assert!(!Undisguised::of(text).text.contains(".com"), "{text}");
        }
        assert_eq!(Undisguised::of("好。很好").text, "好。很好");
    }
}
