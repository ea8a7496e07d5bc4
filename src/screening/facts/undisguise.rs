//! A text as addresses are looked for in it: `evil[.]com`, `ｅｖｉｌ．ｃｏｍ` and `evil dot com` as `evil.com`, with the way back.

use std::borrow::Cow;

use super::Span;
use super::script::{is_dressed, is_invisible};

/// Ways to write a full stop in brackets.
const STOPS: &[&str] = &["[.]", "(.)", "{.}", "[dot]", "(dot)", "{dot}", "[точка]", "(точка)"];

/// Ways to write the sign of an e-mail address in brackets.
const ATS: &[&str] = &["[at]", "(at)", "{at}"];

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
    /// Where runs that were taken over as they stand begin, here and in the original; none if nothing is disguised.
    runs: Vec<Run>,
    /// How long the original is.
    length: usize,
}

/// From here on a byte of the text stands as far behind `source` as it is behind `plain`.
#[derive(Clone, Copy)]
struct Run {
    plain: usize,
    source: usize,
}

impl<'a> Undisguised<'a> {
    /// Undoes what a text hides its addresses behind.
    pub fn of(source: &'a str) -> Self {
        let length = source.len();
        if !may_be_disguised(source) {
            return Self { text: Cow::Borrowed(source), runs: Vec::new(), length };
        }
        let mut plain = Writer { text: String::with_capacity(length), runs: vec![Run { plain: 0, source: 0 }] };
        let mut at = 0;
        while at < length {
            let ordinary = source.as_bytes()[at..].iter().take_while(|byte| is_ordinary(**byte)).count();
            plain.text.push_str(&source[at..at + ordinary]);
            at += ordinary;
            let rest = &source[at..];
            let Some(c) = rest.chars().next() else { break };
            at += match plain.sign(rest) {
                Some((sign, length)) => {
                    plain.put(sign, at);
                    length
                }
                None => {
                    plain.letter(c, rest, at);
                    c.len_utf8()
                }
            };
            plain.resume(at);
        }
        Self { text: Cow::Owned(plain.text), runs: plain.runs, length }
    }

    /// Where a part of the text stands in the original.
    pub fn origin(&self, (start, end): Span) -> Span {
        (self.place(start), self.place(end))
    }

    fn place(&self, at: usize) -> usize {
        let run = self.runs.partition_point(|run| run.plain <= at);
        match run.checked_sub(1).map(|run| self.runs[run]) {
            None => at,
            Some(_) if at == self.text.len() => self.length,
            Some(run) => run.source + (at - run.plain),
        }
    }
}

/// A byte of ASCII at which no disguise begins.
fn is_ordinary(byte: u8) -> bool {
    byte.is_ascii() && !matches!(byte, b'[' | b'(' | b'{' | b' ')
}

struct Writer {
    text: String,
    runs: Vec<Run>,
}

impl Writer {
    /// Writes what stands for the original's character at a place.
    fn put(&mut self, c: char, at: usize) {
        self.resume(at);
        self.text.push(c);
    }

    /// What is written next stands at this place of the original.
    fn resume(&mut self, source: usize) {
        let plain = self.text.len();
        match self.runs.last_mut() {
            Some(last) if last.plain == plain => last.source = source,
            Some(last) if source.wrapping_sub(last.source) == plain - last.plain => {}
            _ => self.runs.push(Run { plain, source }),
        }
    }

    fn letter(&mut self, c: char, rest: &str, at: usize) {
        match c {
            _ if c.is_ascii() => self.put(c, at),
            _ if is_invisible(c) => {}
            '．' | '。' | '｡' | '․' if self.follows_name() && names(&rest[c.len_utf8()..]) => self.put('.', at),
            '：' if rest[c.len_utf8()..].starts_with(['/', '／']) => self.put(':', at),
            '／' => self.put('/', at),
            '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => self.put(wide(c), at),
            _ if is_dressed(c) => {
                use unicode_normalization::UnicodeNormalization;
                std::iter::once(c).nfkc().for_each(|plain| self.put(plain, at));
            }
            _ => self.put(c, at),
        }
    }

    /// The full stop or `@` in disguise that stands here, if one does, and how long it is.
    fn sign(&self, rest: &str) -> Option<(char, usize)> {
        let first = *rest.as_bytes().first()?;
        if !matches!(first, b'[' | b'(' | b'{' | b' ') || !self.follows_name() {
            return None;
        }
        let inner = rest.trim_start_matches(' ');
        let spaces = rest.len() - inner.len();
        if spaces > 1 {
            return None;
        }
        let begins = |word: &str| inner.get(..word.len()).is_some_and(|start| is_same(start, word));
        let stops = STOPS.iter().map(|stop| ('.', stop));
        for (sign, disguise) in stops.chain(ATS.iter().map(|at| ('@', at))) {
            if begins(disguise) {
                let behind = &inner[disguise.len()..];
                let gap = usize::from(behind.starts_with(' ') && spaces == 1);
                return names(&behind[gap..]).then_some((sign, spaces + disguise.len() + gap));
            }
        }
        if spaces == 0 || !begins("dot ") || !self.last_word_is_a_name() {
            return None;
        }
        let tld = inner.get(4..)?.split(|c: char| !c.is_alphanumeric()).next()?.to_lowercase();
        SPELT.contains(&tld.as_str()).then_some(('.', 5))
    }

    fn follows_name(&self) -> bool {
        self.text.ends_with(|c: char| c.is_ascii_alphanumeric())
    }

    fn last_word_is_a_name(&self) -> bool {
        let word = self.text.rsplit(|c: char| !c.is_alphanumeric() && c != '-').next().unwrap_or_default();
        word.len() > 1 && !SPEAKING.contains(&word.to_lowercase().as_str())
    }
}

/// Whether two words of equal length are the same but for their case.
fn is_same(text: &str, word: &str) -> bool {
    text.eq_ignore_ascii_case(word) || (!word.is_ascii() && text.to_lowercase() == word)
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
                || (matches!(lower[0], b'[' | b'(' | b'{')
                    && (lower[1] == b'.' || &lower[1..4] == b"dot" || &lower[1..3] == b"at"))
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
            ("loans (at) evil dot com", "loans@evil.com"),
            ("loans[AT]evil[.]com", "loans@evil.com"),
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
