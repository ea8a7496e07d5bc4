//! Every field with every class of text: lengths at the limits, what is no character, and what is no UTF-8.

use super::case::Case;
use super::field::{Door, FIELDS, Field, Limit, Rule};
use super::value::Sent;

/// What is sent unchanged to every field.
const TEXTS: &[(&str, &str)] = &[
    ("empty", ""),
    ("one character", "x"),
    ("white space only", " \t\r\n\u{a0}\u{2003}\u{3000}"),
    ("NUL alone", "\0"),
    ("NUL inside", "before\0after"),
    (
        "all C0 controls",
        "\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\t\n\u{b}\u{c}\r\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}",
    ),
    ("DEL and C1 controls", "\u{7f}\u{80}\u{85}\u{8d}\u{9b}31m\u{9d}0;t\u{9c}\u{9f}"),
    ("BOM first", "\u{feff}text"),
    ("BOM alone", "\u{feff}"),
    ("U+FFFE", "a\u{fffe}b"),
    ("U+FFFF", "a\u{ffff}b"),
    ("replacement character", "a\u{fffd}b"),
    ("noncharacters", "\u{fdd0}\u{fdef}\u{1fffe}\u{1ffff}\u{8ffff}\u{10fffe}\u{10ffff}"),
    ("private use", "\u{e000}\u{f8ff}\u{f0000}\u{10fffd}"),
    ("unassigned", "\u{378}\u{2fe0}\u{e0080}"),
    ("right-to-left override", "a\u{202e}gnp.exe"),
    ("zero width", "a\u{200b}\u{200c}\u{200d}\u{2060}\u{ad}\u{180e}b"),
    ("line and paragraph separators", "a\u{2028}b\u{2029}c\u{85}d"),
    ("CRLF and a header", "a\r\nSet-Cookie: a=b\r\n\r\n<p>"),
    ("combining marks", "Z\u{351}\u{36b}\u{343}\u{36a}\u{302}\u{35b}\u{31a}"),
    ("emoji with joiners", "👩\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👩🏽🇩🇪"),
    ("angle brackets and quotes", "<>\"'`&\\/%00%s${7*7}{{7*7}}"),
    ("SQL", "'; DROP TABLE comments; --"),
];

/// JSON that is sent as it stands: escapes, lone surrogates, and what is no text.
const RAW: &[(&str, &str)] = &[
    ("lone high surrogate", r#""a\ud800b""#),
    ("lone low surrogate", r#""a\udc00b""#),
    ("surrogates the wrong way round", r#""\ude00\ud83d""#),
    ("high surrogate at the end", r#""\ud83d""#),
    ("two high surrogates", r#""\ud83d\ud83d\ude00""#),
    ("an escaped pair", r#""\ud83d\ude00""#),
    ("an escape that is none", r#""\x41""#),
    ("half an escape", r#""\u00""#),
    ("a number", "17"),
    ("a truth", "true"),
    ("an object", r#"{"a": "b"}"#),
    ("a bare control", "\"a\u{1}b\""),
];

/// Bytes between the quotes that are no UTF-8.
const BYTES: &[(&str, &[u8])] = &[
    ("0xFF", b"a\xffb"),
    ("a stray continuation", b"a\x80b"),
    ("a cut sequence", b"a\xe2\x82"),
    ("overlong in two", b"a\xc0\xafb"),
    ("overlong in three", b"a\xe0\x80\xafb"),
    ("overlong NUL", b"a\xc0\x80b"),
    ("five bytes", b"a\xf8\x88\x80\x80\x80b"),
    ("a surrogate in UTF-8", b"a\xed\xa0\x80b"),
    ("beyond U+10FFFF", b"a\xf4\x90\x80\x80b"),
    ("UTF-16", b"\xff\xfea\0b\0"),
    ("Latin-1", b"caf\xe9"),
];

/// The longest query that is sent: longer heads are the server's affair, before any of this.
const LONGEST_QUERY: usize = 8 * 1024;

/// Field by field.
pub fn cases() -> Vec<Case> {
    FIELDS.iter().flat_map(|field| of(*field)).collect()
}

fn of(field: Field) -> Vec<Case> {
    let name = |class: &str| format!("{}: {class}", field.name);
    let mut cases: Vec<Case> =
        TEXTS.iter().map(|(class, text)| Case::new(name(class), field, Sent::text(text))).collect();
    for (class, text) in lengths(field.limit) {
        cases.push(Case::new(name(class), field, Sent::text(&text)));
    }
    for (class, bytes) in BYTES {
        cases.push(Case::new(name(class), field, Sent::bytes(bytes.to_vec())));
    }
    if field.door != Door::Search {
        cases.extend(RAW.iter().map(|(class, json)| Case::new(name(class), field, Sent::raw(json))));
    }
    cases.retain(|case| field.rule != Rule::Needle || case.sent.bytes.len() <= LONGEST_QUERY);
    cases
}

/// Texts as long as the limit allows, and a little more, in letters of one and of four bytes; and 64 KiB, also where the
/// limit is less.
fn lengths(limit: Limit) -> Vec<(&'static str, String)> {
    let (small, wide) = match limit {
        Limit::Characters(most) => (most, most),
        Limit::Bytes(most) => (most, most / 4),
    };
    vec![
        ("as long as may be", "x".repeat(small)),
        ("one more than may be", "y".repeat(small + 1)),
        ("as long as may be, wide", "😀".repeat(wide)),
        ("one more than may be, wide", "🙂".repeat(wide + 1)),
        ("as long as may be, NUL", "\0".repeat(small / 2)),
        ("64 KiB less one", "z".repeat(65_535)),
        ("64 KiB and three", "z".repeat(65_539)),
        ("1 MiB line", "z".repeat(1 << 20)),
    ]
}
