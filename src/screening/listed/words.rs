//! Where words begin and end, in any script.

use unicode_normalization::char::is_combining_mark;

use crate::screening::facts::is_dense;

/// Whether a character is a part of words: a letter, a digit, a mark on one, or what joins two letters of a word.
pub fn is_word(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphanumeric(),
        false => c.is_alphanumeric() || is_mark(c),
    }
}

/// Whether a word may begin or end at this place of a text. In scripts without spaces that is so between any two letters,
/// but never between a letter and its marks.
pub fn is_border(text: &str, place: usize) -> bool {
    let Some(after) = text[place..].chars().next() else { return true };
    let Some(before) = text[..place].chars().next_back() else { return true };
    if is_mark(after) || stacks(before) {
        return false;
    }
    !(is_word(before) && is_word(after)) || is_dense(before) || is_dense(after)
}

/// What belongs to the letter before it: accents, vowel signs, viramas, joiners.
fn is_mark(c: char) -> bool {
    !c.is_ascii() && (is_combining_mark(c) || matches!(c, '\u{200C}' | '\u{200D}'))
}

/// Signs of scripts without spaces that put the next letter below the one before: Burmese and Khmer.
fn stacks(c: char) -> bool {
    matches!(c, '\u{1039}' | '\u{17D2}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with a stroke at each of its inner borders.
    fn cut(text: &str) -> String {
        let place = |(place, c): (usize, char)| {
            let stroke = if place > 0 && is_border(text, place) { "|" } else { "" };
            format!("{stroke}{c}")
        };
        text.char_indices().map(place).collect()
    }

    #[test]
    fn words_end_where_their_script_ends_them() {
        for (text, expected) in [
            ("a fine_day", "a| |fine|_|day"),
            ("straße", "straße"),
            ("купить сейчас", "купить| |сейчас"),
            ("नमस्ते दुनिया", "नमस्ते| |दुनिया"),
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
            ("한국어 책", "한국어| |책"),
            ("加微信", "加|微|信"),
            ("ซื้อยา", "ซื้|อ|ย|า"),
            ("ខ្មែរ", "ខ្មែ|រ"),
            ("vx加8", "vx|加|8"),
        ] {
            assert_eq!(cut(text), expected);
        }
    }
}
