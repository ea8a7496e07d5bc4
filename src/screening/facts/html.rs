//! HTML as a browser's tokenizer reads it, with the place of every tag in the original text.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::Span;

/// What is read of one comment's tags; the rest of a longer list is left alone.
pub const MAX_TAGS: usize = 4096;

/// The elements that make text markup. Anything else in angle brackets (`List<String>`) is the writer's text.
const KNOWN: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "area",
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "figure",
    "font",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "kbd",
    "li",
    "link",
    "marquee",
    "meta",
    "noscript",
    "object",
    "ol",
    "option",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "script",
    "select",
    "small",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "video",
];

/// The elements of [`KNOWN`] that do not break the text.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "q", "s", "samp",
    "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var",
];

/// A tag or comment that a reader does not see.
#[derive(Debug)]
pub struct Mark {
    /// From `<` to after `>`.
    pub span: Span,
    /// What it means for links.
    pub role: MarkRole,
    /// Whether it stands in an element that is styled so that nobody sees it, or begins one.
    pub is_veiled: bool,
}

/// What a tag means for links.
#[derive(Debug, PartialEq, Eq)]
pub enum MarkRole {
    /// `<a href>`: a link begins.
    LinkStart(String),
    /// `</a>`: it ends.
    LinkEnd,
    /// A link without text of its own: an image, a frame.
    Embedded(String),
    /// The text after it is apart from the text before it.
    Break,
    /// Nothing.
    Other,
}

/// Every tag of a known element and every comment, in order.
///
/// The tokenizer keeps no positions, so it is fed a bracket at a time: whatever comes out belongs to what just went in.
pub fn marks(text: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    if !may_hold_markup(text) {
        return marks;
    }
    let tokenizer = Tokenizer::new(Collector::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut open: Option<usize> = None;
    let mut at = 0;
    while marks.len() < MAX_TAGS {
        let Some(start) = next_piece(text, at, open) else { break };
        let end = end_of_piece(text, start);
        queue.push_back(StrTendril::from(&text[start..end]));
        let _ = tokenizer.feed(&queue);
        let begun = *open.get_or_insert(start);
        match tokenizer.sink.0.replace(Seen::Nothing) {
            Seen::Nothing => {}
            Seen::Text => open = None,
            Seen::Mark(role) => {
                marks.push(Mark { span: (begun, end), role, is_veiled: false });
                open = None;
            }
            Seen::Unknown => open = None,
        }
        at = end;
    }
    veil(text, &mut marks);
    marks
}

/// Tells what stands in elements that nobody sees: from a tag with such a style to the next one that ends the same element.
fn veil(text: &str, marks: &mut [Mark]) {
    let mut veiled: Option<&str> = None;
    for mark in marks {
        let tag = &text[mark.span.0..mark.span.1];
        let name = element(tag);
        let begins = veiled.is_none() && !name.is_empty() && !tag.starts_with("</") && hides(tag);
        if begins {
            veiled = Some(name);
        }
        mark.is_veiled = veiled.is_some();
        if !begins && tag.starts_with("</") && veiled.is_some_and(|open| open.eq_ignore_ascii_case(name)) {
            veiled = None;
        }
    }
}

fn element(tag: &str) -> &str {
    let tag = tag.trim_start_matches(['<', '/']);
    &tag[..tag.bytes().take_while(u8::is_ascii_alphanumeric).count()]
}

/// Whether a tag's style leaves nothing of its element to be seen.
fn hides(tag: &str) -> bool {
    const STYLES: &[&str] = &["display:none", "visibility:hidden", "font-size:0"];
    if tag.len() < "<a style=".len() + STYLES[2].len() {
        return false;
    }
    let plain: String = tag.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    let Some((_, style)) = plain.split_once("style=") else { return false };
    STYLES.iter().any(|hiding| {
        // `font-size:0.9em` is small, not hidden.
        style.split_once(hiding).is_some_and(|(_, rest)| !rest.starts_with(|c: char| c == '.' || c.is_ascii_digit()))
    })
}

fn may_hold_markup(text: &str) -> bool {
    let bytes = text.as_bytes();
    let opens = |at: usize| matches!(bytes.get(at + 1), Some(b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'!'));
    text.match_indices('<').any(|(at, _)| opens(at))
}

/// Where to go on: inside an open tag right here, else at the next bracket.
fn next_piece(text: &str, at: usize, open: Option<usize>) -> Option<usize> {
    match open {
        Some(_) => (at < text.len()).then_some(at),
        None => text[at..].find('<').map(|offset| at + offset),
    }
}

/// After the next `>`, or before the next `<`, whichever comes first.
fn end_of_piece(text: &str, start: usize) -> usize {
    let rest = &text.as_bytes()[start + 1..];
    match rest.iter().position(|byte| matches!(byte, b'<' | b'>')) {
        Some(offset) if rest[offset] == b'>' => start + offset + 2,
        Some(offset) => start + offset + 1,
        None => text.len(),
    }
}

#[derive(Default)]
struct Collector(RefCell<Seen>);

#[derive(Default)]
enum Seen {
    #[default]
    Nothing,
    Text,
    Unknown,
    Mark(MarkRole),
}

impl TokenSink for Collector {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let seen = match token {
            Token::TagToken(tag) => meaning(&tag),
            Token::CommentToken(_) | Token::DoctypeToken(_) => Seen::Mark(MarkRole::Other),
            Token::CharacterTokens(_) | Token::NullCharacterToken => {
                if matches!(*self.0.borrow(), Seen::Nothing) {
                    self.0.replace(Seen::Text);
                }
                return TokenSinkResult::Continue;
            }
            Token::EOFToken | Token::ParseError(_) => return TokenSinkResult::Continue,
        };
        self.0.replace(seen);
        TokenSinkResult::Continue
    }
}

fn meaning(tag: &Tag) -> Seen {
    let name: &str = &tag.name;
    if KNOWN.binary_search(&name).is_err() {
        return Seen::Unknown;
    }
    let attribute =
        |wanted: &str| tag.attrs.iter().find(|attr| &*attr.name.local == wanted).map(|a| a.value.to_string());
    let role = match (name, tag.kind) {
        ("a" | "area", TagKind::StartTag) => attribute("href").map_or(MarkRole::Other, MarkRole::LinkStart),
        ("a", TagKind::EndTag) => MarkRole::LinkEnd,
        ("img" | "iframe" | "embed", TagKind::StartTag) => attribute("src").map_or(MarkRole::Other, MarkRole::Embedded),
        _ if INLINE.contains(&name) => MarkRole::Other,
        _ => MarkRole::Break,
    };
    Seen::Mark(role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_elements_are_sorted_for_the_search() {
        assert!(KNOWN.is_sorted());
    }

    #[test]
    fn every_tag_is_found_where_it_stands() {
        let text =
            "1 < 2, a List<String> and <A\nHREF='http://a.test?x=1&amp;y=2>3' >this</a> <!-- not > this --> ö<br/>";
        let found = marks(text);
        let slices: Vec<&str> = found.iter().map(|mark| &text[mark.span.0..mark.span.1]).collect();
        assert_eq!(slices, ["<A\nHREF='http://a.test?x=1&amp;y=2>3' >", "</a>", "<!-- not > this -->", "<br/>"]);
        assert_eq!(found[0].role, MarkRole::LinkStart("http://a.test?x=1&y=2>3".to_owned()));
        assert_eq!(found[1].role, MarkRole::LinkEnd);
    }

    #[test]
    fn what_is_styled_away_is_known_up_to_the_end_of_its_element() {
        let veiled = |text: &str| marks(text).iter().map(|mark| mark.is_veiled).collect::<Vec<_>>();
        assert_eq!(
            veiled("<b>a</b><DIV style='color:red; Display : NONE'><a href=x>b</a></div><a href=y>c</a>"),
            [false, false, true, true, true, true, false, false]
        );
        assert_eq!(veiled("<a style=\"font-size:0px\" href=x>a</a>"), [true, true]);
        assert_eq!(veiled("<a style=\"font-size:0.8em\" href=x>a</a>"), [false, false]);
    }
}
