//! What a comment looks like to the learner: its features, one after the other, those that say most first.

use super::hash::Hash;
use crate::domain::{Field, Hit};
use crate::screening::case::Case;
use crate::screening::facts::{Facts, Span, Target, boundary_before, is_dense};

/// How much of a folded text is looked at, in bytes.
const MOST_TEXT: usize = 4096;
/// How much of it is taken apart into runs of characters, in characters.
const MOST_GRAMS: usize = 2048;
/// The most words of a name, and of a host.
const MOST_NAMES: usize = 6;
/// The most links that are looked at.
const MOST_LINKS: usize = 8;

/// A feature of a comment.
#[derive(Clone, Copy, Debug)]
pub struct Feature<'f> {
    /// Its hash.
    pub hash: Hash,
    /// What kind it is.
    pub part: Part,
    /// What a person would call it.
    pub seen: Seen<'f>,
}

/// The kinds of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A field, a count, a shape, or a rule that fired.
    Shape,
    /// Who somebody is: an owner of a link or website, a domain of a mail address. Only the site itself learns these.
    Whose,
    /// A word of the text.
    Word,
    /// Two words that follow each other.
    Pair,
    /// Four characters that follow each other.
    Gram,
}

/// What a feature is to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'f> {
    /// A word of the content, in the folded text.
    Word(Span),
    /// A word of the author's name.
    Name(&'f str),
    /// Where a link or the author's website leads.
    Owner(&'f str, Field),
    /// The domain of the author's mail address.
    MailDomain(&'f str),
    /// A rule that fired.
    Rule(&'f str),
    /// Something that a short phrase says.
    Shape(&'static str),
    /// Nothing that a person would put into words.
    Unnamed,
}

/// The kinds of chains; a number never means another one later.
mod kind {
    pub const RULE: u8 = 1;
    pub const LINKS: u8 = 2;
    pub const WORDS: u8 = 3;
    pub const HANDLE: u8 = 4;
    pub const SYNTAX: u8 = 5;
    pub const CAPITALS: u8 = 6;
    pub const DIGITS: u8 = 7;
    pub const MARKS: u8 = 8;
    pub const LINES: u8 = 9;
    pub const SYMBOLS: u8 = 10;
    pub const BEGINS: u8 = 11;
    pub const SCRIPT: u8 = 12;
    pub const KIND: u8 = 13;
    pub const NAME_SHAPE: u8 = 14;
    pub const NAME_WORD: u8 = 15;
    pub const NAME_WORDS: u8 = 16;
    pub const WEBSITE: u8 = 17;
    pub const WEBSITE_TLD: u8 = 18;
    pub const WEBSITE_HOST: u8 = 19;
    pub const WEBSITE_PATH: u8 = 20;
    pub const WEBSITE_WORD: u8 = 21;
    pub const MAIL: u8 = 22;
    pub const MAIL_SHAPE: u8 = 23;
    pub const LINK_TLD: u8 = 24;
    pub const OWNER: u8 = 25;
    pub const MAIL_DOMAIN: u8 = 26;
    pub const WORD: u8 = 27;
    pub const PAIR: u8 = 28;
    pub const GRAM: u8 = 29;
    pub const LINK_DENSITY: u8 = 30;
    pub const ENDS: u8 = 31;
    pub const ACCOUNT: u8 = 32;
    pub const KNOWN: u8 = 33;
    pub const BASE: u8 = 34;
}

/// Tells every feature of a comment to `tell`, in an order that never changes: first fields and shapes, then words, then pairs
/// of words, then runs of characters.
pub fn each<'f>(case: Case<'f>, hits: &'f [Hit], mut tell: impl FnMut(Feature<'f>)) {
    each_named(case, hits, &mut tell);
    grams(case.facts, &mut tell);
}

/// The same without runs of characters, which nobody has words for.
pub fn each_named<'f>(case: Case<'f>, hits: &'f [Hit], mut tell: impl FnMut(Feature<'f>)) {
    let facts = case.facts;
    let mut shape = |hash: Hash, seen: Seen<'f>| tell(Feature { hash, part: Part::Shape, seen });
    rules(hits, &mut shape);
    let is_known = case.author_is_known();
    let known = if is_known { "an approved comment before" } else { "no approved comment before" };
    shape(Hash::of(kind::KNOWN).and(u64::from(is_known)), Seen::Shape(known));
    counts(facts, &mut shape);
    name(facts, &mut shape);
    address(facts, &mut shape);
    whose(facts, &mut |hash, seen| tell(Feature { hash, part: Part::Whose, seen }));
    words(facts, &mut tell);
}

/// The features of what the base model makes of a comment: that it is above each of these steps. By them a site learns how far
/// the base model can be trusted there.
pub fn of_base(logit: f32) -> impl Iterator<Item = Hash> {
    const STEPS: [f32; 9] = [-6.0, -4.0, -2.5, -1.0, 0.0, 1.0, 2.5, 4.0, 6.0];
    let above = STEPS.into_iter().zip(0u64..).filter(move |(step, _)| logit > *step);
    above.map(|(_, place)| Hash::of(kind::BASE).and(place))
}

fn rules<'f>(hits: &'f [Hit], shape: &mut impl FnMut(Hash, Seen<'f>)) {
    for hit in hits {
        let id = hit.rule.as_str();
        shape(Hash::of(kind::RULE).text(id), Seen::Rule(id));
    }
}

fn counts<'f>(facts: &'f Facts<'_>, shape: &mut impl FnMut(Hash, Seen<'f>)) {
    let mut count = |kind: u8, value: usize, name: &'static str| {
        shape(Hash::of(kind).and(value as u64), if name.is_empty() { Seen::Unnamed } else { Seen::Shape(name) });
    };
    let submission = facts.submission();
    let (links, counted) = (facts.foreign_links().count(), facts.words());
    count(kind::LINKS, links.min(6), ["no link", "a link"].get(links).copied().unwrap_or("several links"));
    if let Some(words) = counted.count.checked_div(links) {
        count(kind::LINK_DENSITY, log(words), "few words for its links");
    }
    let size = match counted.count {
        0..=5 => "a very short text",
        6..=20 => "a short text",
        21..=120 => "a text of some length",
        _ => "a long text",
    };
    count(kind::WORDS, log(counted.count), size);
    if let Some(share) = (counted.capitals * 10).checked_div(counted.cased) {
        count(kind::CAPITALS, share.min(8), if share >= 3 { "many capitals" } else { "" });
    }
    let raw = &submission.content[..];
    let raw = &raw[..boundary_before(raw, MOST_TEXT.min(raw.len()))];
    let mut seen = RawCounts::default();
    raw.chars().for_each(|c| seen.take(c));
    count(kind::DIGITS, (seen.digits * 20 / seen.chars.max(1)).min(5), if seen.digits > 0 { "digits" } else { "" });
    count(kind::MARKS, seen.exclamations.min(4) * 4 + seen.questions.min(3), "");
    count(kind::LINES, log(seen.lines), "");
    count(kind::SYMBOLS, log(seen.symbols), if seen.symbols > 0 { "symbols and emoji" } else { "" });
    count(kind::BEGINS, first_class(raw.trim_start().chars().next()), "");
    count(kind::ENDS, first_class(raw.trim_end().chars().next_back()), "");
    for (script, letters) in seen.scripts.into_iter().enumerate() {
        if letters > 0 {
            count(kind::SCRIPT, script, "");
        }
    }
    for handle in facts.handles().iter().take(4) {
        shape(Hash::of(kind::HANDLE).text(handle.kind.as_str()), Seen::Shape("a way to reach somebody"));
    }
    for link in facts.foreign_links().take(MOST_LINKS) {
        shape(Hash::of(kind::SYNTAX).text(link.syntax.as_str()), Seen::Unnamed);
        let tld = link.target.host.rsplit('.').next().unwrap_or_default();
        shape(Hash::of(kind::LINK_TLD).text(tld), Seen::Unnamed);
    }
    shape(Hash::of(kind::KIND).text(&submission.kind), Seen::Unnamed);
    shape(Hash::of(kind::ACCOUNT).and(u64::from(submission.author.account.is_some())), Seen::Unnamed);
}

fn name<'f>(facts: &'f Facts<'_>, shape: &mut impl FnMut(Hash, Seen<'f>)) {
    let raw = facts.submission().author.name.as_deref().unwrap_or_default();
    shape(
        shape_of(kind::NAME_SHAPE, raw),
        Seen::Shape(if raw.is_empty() { "no name" } else { "how the name is written" }),
    );
    let mut number = 0;
    for (hash, span) in Words::of(&facts.name().text) {
        if number < MOST_NAMES {
            shape(Hash::of(kind::NAME_WORD).and(hash), Seen::Name(&facts.name().text[span.0..span.1]));
        }
        number += 1;
    }
    shape(Hash::of(kind::NAME_WORDS).and(number.min(MOST_NAMES) as u64), Seen::Unnamed);
}

fn address<'f>(facts: &'f Facts<'_>, shape: &mut impl FnMut(Hash, Seen<'f>)) {
    let author = &facts.submission().author;
    let website = facts.website();
    let seen = if website.is_some() { Seen::Shape("a website") } else { Seen::Shape("no website") };
    shape(Hash::of(kind::WEBSITE).and(u64::from(website.is_some())), seen);
    if let Some(Target { host, path, .. }) = website {
        let mut labels = host.rsplit('.');
        shape(Hash::of(kind::WEBSITE_TLD).text(labels.next().unwrap_or_default()), Seen::Unnamed);
        let (dots, dashes) = (count_of(host, '.').min(4), count_of(host, '-').min(4));
        let digits = u64::from(host.bytes().any(|byte| byte.is_ascii_digit()));
        shape(Hash::of(kind::WEBSITE_HOST).and(dots).and(0), Seen::Unnamed);
        shape(Hash::of(kind::WEBSITE_HOST).and(dashes).and(1), Seen::Unnamed);
        shape(Hash::of(kind::WEBSITE_HOST).and(digits).and(2), Seen::Unnamed);
        shape(Hash::of(kind::WEBSITE_HOST).and(log(host.len()) as u64).and(3), Seen::Unnamed);
        let depth = path.split('/').filter(|part| !part.is_empty()).count().min(4) as u64;
        shape(Hash::of(kind::WEBSITE_PATH).and(depth).and(0), Seen::Unnamed);
        shape(Hash::of(kind::WEBSITE_PATH).and(log(path.len()) as u64).and(1), Seen::Unnamed);
        shape(Hash::of(kind::WEBSITE_PATH).and(u64::from(path.contains('?'))).and(2), Seen::Unnamed);
        let words = host.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 3);
        for word in words.take(MOST_NAMES) {
            shape(Hash::of(kind::WEBSITE_WORD).text(word), Seen::Owner(host, Field::AuthorUrl));
        }
    }
    let mail = author.email.as_deref().unwrap_or_default().trim();
    shape(Hash::of(kind::MAIL).and(u64::from(!mail.is_empty())), Seen::Unnamed);
    if let Some((local, _)) = mail.rsplit_once('@') {
        shape(shape_of(kind::MAIL_SHAPE, local), Seen::Unnamed);
    }
}

fn whose<'f>(facts: &'f Facts<'_>, tell: &mut impl FnMut(Hash, Seen<'f>)) {
    let links = facts.foreign_links().take(MOST_LINKS);
    let links = links.map(|link| (link.owner(), Field::Content));
    for (owner, field) in links.chain(facts.website_owner().map(|owner| (owner, Field::AuthorUrl))) {
        tell(Hash::of(kind::OWNER).text(owner), Seen::Owner(owner, field));
    }
    if let Some((_, domain)) = facts.submission().author.email.as_deref().and_then(|mail| mail.trim().rsplit_once('@'))
    {
        let hash =
            domain.chars().flat_map(char::to_lowercase).fold(Hash::of(kind::MAIL_DOMAIN), |h, c| h.and(c as u64));
        tell(hash, Seen::MailDomain(domain));
    }
}

fn words<'f>(facts: &'f Facts<'_>, tell: &mut impl FnMut(Feature<'f>)) {
    let words: Vec<(u64, Span)> = Words::of(head(&facts.folded().text)).collect();
    for &(hash, span) in &words {
        tell(Feature { hash: Hash::of(kind::WORD).and(hash), part: Part::Word, seen: Seen::Word(span) });
    }
    let mut before = 0;
    for (hash, span) in words {
        let pair = Hash::of(kind::PAIR).and(before).and(hash);
        tell(Feature { hash: pair, part: Part::Pair, seen: Seen::Word(span) });
        before = hash;
    }
}

/// Runs of four characters, with a space before the first and behind the last; digits are all alike. (Runs of three to five tell
/// no more, measured on ten sources, and take three times as long.)
fn grams<'f>(facts: &'f Facts<'_>, tell: &mut impl FnMut(Feature<'f>)) {
    let text = head(&facts.folded().text);
    let mut last = [0; 4];
    for (number, c) in [' '].into_iter().chain(text.chars().take(MOST_GRAMS)).chain([' ']).enumerate() {
        last = [last[1], last[2], last[3], if c.is_ascii_digit() { u64::from(b'0') } else { c as u64 }];
        if number >= 3 {
            // Four characters of 21 bits make two values.
            let hash = Hash::of(kind::GRAM).and(last[0] << 32 | last[1]).and(last[2] << 32 | last[3]);
            tell(Feature { hash, part: Part::Gram, seen: Seen::Unnamed });
        }
    }
}

/// The words of a text as hashes: runs of letters and digits (all digits alike), and each character of a script without
/// spaces.
struct Words<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Words<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, at: 0 }
    }
}

impl Iterator for Words<'_> {
    type Item = (u64, Span);

    fn next(&mut self) -> Option<Self::Item> {
        let mut word: Option<(usize, Hash)> = None;
        for (offset, c) in self.text[self.at..].char_indices() {
            let at = self.at + offset;
            if c.is_alphanumeric() && !is_dense(c) {
                let (start, hash) = word.unwrap_or((at, Hash::of(0)));
                word = Some((start, hash.and(if c.is_ascii_digit() { u64::from(b'0') } else { c as u64 })));
            } else if let Some((start, hash)) = word {
                self.at = at;
                return Some((hash.value(), (start, at)));
            } else if is_dense(c) {
                self.at = at + c.len_utf8();
                return Some((Hash::of(0).and(c as u64).value(), (at, self.at)));
            }
        }
        let (start, hash) = word?;
        self.at = self.text.len();
        Some((hash.value(), (start, self.at)))
    }
}

/// Counts over the content as it came.
#[derive(Default)]
struct RawCounts {
    chars: usize,
    digits: usize,
    exclamations: usize,
    questions: usize,
    lines: usize,
    symbols: usize,
    /// Letters by the alphabets that are told apart.
    scripts: [usize; 5],
}

impl RawCounts {
    fn take(&mut self, c: char) {
        self.chars += 1;
        match c {
            'a'..='z' | 'A'..='Z' => self.scripts[0] += 1,
            '0'..='9' => self.digits += 1,
            '!' | '！' => self.exclamations += 1,
            '?' | '？' => self.questions += 1,
            '\n' => self.lines += 1,
            _ if c.is_ascii() => {}
            '\u{2190}'..='\u{2BFF}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}' => self.symbols += 1,
            '\u{400}'..='\u{52F}' => self.scripts[1] += 1,
            '\u{590}'..='\u{8FF}' => self.scripts[2] += 1,
            _ if is_dense(c) => self.scripts[3] += 1,
            _ if c.is_alphabetic() => self.scripts[4] += 1,
            _ => {}
        }
    }
}

/// The class of the character that a text begins or ends with.
fn first_class(c: Option<char>) -> usize {
    match c {
        None => 0,
        Some(c) if c.is_uppercase() => 1,
        Some(c) if c.is_lowercase() => 2,
        Some(c) if c.is_alphabetic() => 3,
        Some(c) if c.is_numeric() => 4,
        Some('.' | '。' | '…') => 5,
        Some('!' | '?' | '！' | '？') => 6,
        Some(_) => 7,
    }
}

/// How a name is written: capitals, small letters, digits, other letters, spaces and signs, runs of one kind as one.
fn shape_of(kind: u8, text: &str) -> Hash {
    let mut hash = Hash::of(kind);
    let mut last = 0;
    for c in text.chars().take(40) {
        let class = match c {
            _ if c.is_uppercase() => 1,
            _ if c.is_lowercase() => 2,
            _ if c.is_numeric() => 3,
            _ if c.is_alphabetic() => 4,
            ' ' => 5,
            _ => 6,
        };
        if class != last {
            hash = hash.and(class);
            last = class;
        }
    }
    hash
}

fn count_of(text: &str, wanted: char) -> u64 {
    text.chars().filter(|c| *c == wanted).count() as u64
}

/// Twice the logarithm to base 2: the size of a number in steps of about 40 %.
fn log(number: usize) -> usize {
    (number + 1).saturating_mul(number + 1).ilog2() as usize
}

fn head(text: &str) -> &str {
    &text[..boundary_before(text, MOST_TEXT.min(text.len()))]
}
