//! Text as it is compared: lower case, one kind of letter, no invisible characters, with a way back to the original.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{compose, is_combining_mark};

use super::Span;
use super::compat::{Forms, indicated_letter, small, squared_letter};
use super::disguise::{self, Disguise, Kinds};
use super::script::{Alphabet, alphabet, is_dressed, is_invisible, is_overlay, most_marks, plain_digit};
use super::target::boundary_after;

/// How many bytes of letters with compatibility forms a fold may write, in per cent of its source: honest writing of any
/// script stays below, while a single `ﷺ` comes to eleven times its bytes.
const MOST_CHANGED_PERCENT: usize = 150;
/// What may be added to that, so that a short text may be of such letters alone.
const FREE_CHANGED: usize = 4096;
/// What is kept of a fold that was cut: enough to show rules what kind of text it is, which waits for a person anyway.
const KEPT_OF_CUT: usize = 16 * 1024;

/// A folded text and where each part of it came from.
#[derive(Clone, Debug, Default)]
pub struct Folded {
    /// The text.
    pub text: String,
    /// Words that mix alphabets so that they look like plain ones.
    pub disguised: Vec<Disguise>,
    /// Invisible characters between two letters of an alphabet that has no use for them.
    pub invisible: Vec<Span>,
    /// Whether it ends before its source does, because it would have grown too long.
    pub is_cut: bool,
    /// Where the distance to the original changes: (place here, place there).
    anchors: Vec<(usize, usize)>,
    source_len: usize,
}

impl Folded {
    /// The place in the original of a span of the folded text.
    pub fn origin(&self, (start, end): Span) -> Span {
        let begin = self.origin_of(start);
        let mut stop = self.origin_of(end);
        if stop <= begin && end > start {
            let later = self.anchors.iter().map(|&(_, there)| there).find(|&there| there > begin);
            stop = later.unwrap_or(self.source_len);
        }
        (begin.min(self.source_len), stop.min(self.source_len).max(begin.min(self.source_len)))
    }

    fn origin_of(&self, place: usize) -> usize {
        match self.anchors.partition_point(|&(here, _)| here <= place) {
            0 => place,
            after => {
                let (here, there) = self.anchors[after - 1];
                there + (place - here)
            }
        }
    }
}

/// The fold without anything else: two texts that a reader cannot tell apart become one.
pub fn fold_for_search(text: &str) -> String {
    fold(text, &[]).text
}

/// A part of a text that a reader does not see as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// Where.
    pub span: Span,
    /// What the reader sees instead.
    pub shows: Shows,
}

/// What a reader sees in place of markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Nothing: the text before and after it runs on.
    Nothing,
    /// A break between words.
    Space,
    /// One character.
    Character(char),
}

/// Folds a text as a reader sees it, without its `hidden` parts (sorted).
pub fn fold(source: &str, hidden: &[Hidden]) -> Folded {
    let mut folder = Folder::new(source);
    let mut at = 0;
    for &Hidden { span: (start, end), shows } in hidden {
        if start >= at {
            folder.part(at, start);
            folder.show(shows, start);
            at = end;
        } else {
            at = at.max(end);
        }
    }
    folder.part(at, source.len());
    folder.finish()
}

struct Folder<'s> {
    source: &'s str,
    out: Folded,
    word: Vec<(char, usize)>,
    word_has: Kinds,
    last: Option<char>,
    pending: Option<Span>,
    forms: Forms,
    /// How many bytes of letters may still be written that are not as they stand in the source.
    room: usize,
}

impl<'s> Folder<'s> {
    fn new(source: &'s str) -> Self {
        let out = Folded { text: String::with_capacity(source.len()), source_len: source.len(), ..Folded::default() };
        Self {
            source,
            out,
            word: Vec::new(),
            word_has: Kinds::default(),
            last: None,
            pending: None,
            forms: Forms::default(),
            room: source.len() * MOST_CHANGED_PERCENT / 100 + FREE_CHANGED,
        }
    }

    fn show(&mut self, shows: Shows, place: usize) {
        match shows {
            Shows::Nothing => {}
            Shows::Space => {
                self.end_word();
                self.space(place);
            }
            Shows::Character(c) if is_invisible(c) => self.invisible(c, place),
            Shows::Character(c) => {
                self.plain(c, place);
                self.last = Some(c);
            }
        }
    }

    fn part(&mut self, from: usize, to: usize) {
        let part = &self.source[from..to];
        if self.out.is_cut {
            return;
        }
        if part.is_ascii() {
            self.ascii(part, from);
        } else {
            self.unicode(part, from);
        }
    }

    /// Plain text needs no table: lower case, and white space collapsed.
    fn ascii(&mut self, part: &str, from: usize) {
        self.end_word();
        for (offset, byte) in part.bytes().enumerate() {
            if byte.is_ascii_whitespace() || byte.is_ascii_control() {
                self.space(from + offset);
            } else {
                self.put(char::from(byte.to_ascii_lowercase()), from + offset);
            }
        }
        self.last = part.chars().next_back();
    }

    fn unicode(&mut self, part: &str, from: usize) {
        let mut chars = part.char_indices().peekable();
        while let Some((offset, c)) = chars.next().filter(|_| !self.out.is_cut) {
            let place = from + offset;
            let has_marks = chars.peek().is_some_and(|&(_, next)| !next.is_ascii() && is_combining_mark(next));
            if is_invisible(c) {
                self.invisible(c, place);
                continue;
            } else if let Some(letter) = indicated_letter(c) {
                match chars.next_if(|&(_, next)| indicated_letter(next).is_some()) {
                    // Two make a flag, one alone is read as its letter.
                    Some((at, second)) => {
                        self.other(c, place);
                        self.other(second, from + at);
                    }
                    None => self.letter(letter, place),
                }
            } else if !has_marks && c.is_ascii_alphanumeric() {
                self.letter(c.to_ascii_lowercase(), place);
            } else if !has_marks && c.is_ascii() {
                self.other(c, place);
            } else if !has_marks && is_settled(c) {
                self.lower(c, place);
            } else {
                let mut end = offset + c.len_utf8();
                while let Some(&(at, next)) = chars.peek() {
                    if !is_combining_mark(next) {
                        break;
                    }
                    end = at + next.len_utf8();
                    chars.next();
                }
                self.cluster(&part[offset..end], c, place);
            }
            self.last = Some(c);
        }
    }

    /// A letter with its marks, in its compatible composed form.
    fn cluster(&mut self, cluster: &str, first: char, place: usize) {
        if cluster.len() == first.len_utf8() || plain_digit(first).is_some() || squared_letter(first).is_some() {
            return self.plain(first, place);
        }
        self.word_has.dressed += usize::from(is_dressed(first));
        match most_marks(first).filter(|&most| is_heaped(cluster, most)) {
            Some(_) => self.plain(first, place),
            None => cluster.nfkc().for_each(|c| self.lower(c, place)),
        }
    }

    /// A letter without marks, in its compatible form.
    fn plain(&mut self, c: char, place: usize) {
        self.word_has.dressed += usize::from(is_dressed(c));
        let plain = self.forms.take(c);
        for &(small, is_letter) in &plain {
            self.write(small, is_letter, place);
        }
        self.forms.give_back(c, plain);
    }

    fn lower(&mut self, c: char, place: usize) {
        for (small, is_letter) in small(c) {
            self.write(small, is_letter, place);
        }
    }

    fn write(&mut self, c: char, is_letter: bool, place: usize) {
        match self.room.checked_sub(c.len_utf8()) {
            None => self.out.is_cut = true,
            Some(room) => {
                self.room = room;
                if is_letter { self.letter(c, place) } else { self.other(c, place) }
            }
        }
    }

    fn letter(&mut self, c: char, place: usize) {
        if let Some(span) = self.pending.take()
            && tells_scripts(c)
            && self.last.is_some_and(tells_scripts)
        {
            self.out.invisible.push(span);
        }
        // Korean in its parts: a syllable that was begun is gone on with.
        if matches!(c, '\u{1161}'..='\u{1175}' | '\u{11A8}'..='\u{11C2}')
            && let Some((last, _)) = self.word.last_mut()
            && let Some(syllable) = compose(*last, c)
        {
            *last = syllable;
            return;
        }
        self.word_has.count(c);
        self.word.push((c, place));
    }

    fn other(&mut self, c: char, place: usize) {
        self.pending = None;
        self.end_word();
        if c.is_whitespace() || c.is_control() {
            self.space(place);
        } else {
            self.put(c, place);
        }
    }

    /// Joiners stay where scripts and emoji need them; all else that shows nothing goes.
    fn invisible(&mut self, c: char, place: usize) {
        let needed = matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE0F}');
        if needed && self.last.is_some_and(|last| last as u32 >= 0x590 && !tells_scripts(last)) {
            self.end_word();
            self.put(c, place);
        } else if matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{180E}')
            && !self.word.is_empty()
        {
            let start = self.pending.map_or(place, |(start, _)| start);
            self.pending = Some((start, place + c.len_utf8()));
        }
    }

    fn end_word(&mut self) {
        let kinds = std::mem::take(&mut self.word_has);
        let mut word = std::mem::take(&mut self.word);
        if let Some(changes) = disguise::undress(&mut word, kinds)
            && let (Some(&(_, start)), Some(&(_, last))) = (word.first(), word.last())
        {
            let end = boundary_after(self.source, last + 1);
            self.out.disguised.push(Disguise { span: (start, end), changes });
        }
        for &(c, place) in &word {
            self.put(c, place);
        }
        word.clear();
        self.word = word;
    }

    fn space(&mut self, place: usize) {
        if !self.out.text.is_empty() && !self.out.text.ends_with(' ') {
            self.put(' ', place);
        }
    }

    fn put(&mut self, c: char, place: usize) {
        let here = self.out.text.len();
        let (anchor_here, anchor_there) = self.out.anchors.last().copied().unwrap_or_default();
        if anchor_there + (here - anchor_here) != place {
            self.out.anchors.push((here, place));
        }
        self.out.text.push(c);
    }

    fn finish(mut self) -> Folded {
        self.end_word();
        if self.out.is_cut {
            let kept = self.out.text.floor_char_boundary(KEPT_OF_CUT);
            self.out.text.truncate(kept);
        }
        if self.out.text.ends_with(' ') {
            self.out.text.pop();
        }
        let here = self.out.text.len();
        if !self.out.is_cut {
            self.out.anchors.push((here, self.source.len()));
        }
        self.out
    }
}

/// Whether a letter carries more marks than writing needs, or such as only disguise it.
fn is_heaped(cluster: &str, most: usize) -> bool {
    let mut marks = cluster.chars().skip(1);
    marks.clone().nth(most).is_some() || marks.any(is_overlay)
}

/// The first `most` letters that carry more marks than writing needs, with these.
pub fn heaps(text: &str, most: usize) -> Vec<Span> {
    let mut heaps = Vec::new();
    if text.is_ascii() {
        return heaps;
    }
    let mut chars = text.char_indices().peekable();
    while let Some((start, base)) = chars.next().filter(|_| heaps.len() < most) {
        let mut end = start + base.len_utf8();
        while let Some((at, mark)) = chars.next_if(|&(_, next)| !next.is_ascii() && is_combining_mark(next)) {
            end = at + mark.len_utf8();
        }
        let is_letter = alphabet(base).is_some() && end > start + base.len_utf8();
        if is_letter && most_marks(base).is_some_and(|most| is_heaped(&text[start..end], most)) {
            heaps.push((start, end));
        }
    }
    heaps
}

/// Letters that NFKC leaves alone whatever stands beside them, marks aside.
fn is_settled(c: char) -> bool {
    matches!(c as u32, 0x3041..=0x3096 | 0x30A1..=0x30FA | 0x400..=0x482 | 0x48A..=0x52F | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3)
}

/// Alphabets in which an invisible character within a word has no use.
fn tells_scripts(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(alphabet(c), Some(Alphabet::Latin | Alphabet::Cyrillic | Alphabet::Greek))
}

#[cfg(test)]
mod tests;
