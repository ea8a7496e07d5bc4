//! How a text is written: its words, letters and capitals, counted once.

use super::Span;

/// Counts over a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Words; two characters of a script without spaces make one.
    pub count: usize,
    /// Letters that have a capital form.
    pub cased: usize,
    /// Of these, capitals.
    pub capitals: usize,
}

/// Counts the words of a folded text and the capitals of its original.
pub fn count(folded: &str, visible: impl Iterator<Item = char>) -> Words {
    let (mut spaced, mut dense) = (0, 0);
    let mut inside = false;
    for c in folded.chars() {
        if is_dense(c) {
            dense += 1;
            inside = false;
        } else {
            let letter = c.is_alphanumeric();
            spaced += usize::from(letter && !inside);
            inside = letter || (inside && c == '\'');
        }
    }
    let mut words = Words { count: spaced + dense / 2, ..Words::default() };
    for c in visible {
        let (capital, small) = match c {
            'a'..='z' => (false, true),
            'A'..='Z' => (true, false),
            _ if c.is_ascii() => (false, false),
            _ => (c.is_uppercase(), c.is_lowercase()),
        };
        words.capitals += usize::from(capital);
        words.cased += usize::from(capital || small);
    }
    words
}

/// A character of a script that puts no spaces between words.
pub fn is_dense(c: char) -> bool {
    c >= '\u{E00}'
        && matches!(c as u32, 0xE00..=0xEFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x4DBF
            | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3134F)
}

/// The words of a folded text: runs of letters and digits.
pub fn tokens(folded: &str) -> Vec<Span> {
    let mut tokens = Vec::with_capacity(folded.len() / 6);
    let mut start = None;
    for (at, c) in folded.char_indices() {
        if c.is_alphanumeric() {
            start.get_or_insert(at);
        } else if let Some(start) = start.take() {
            tokens.push((start, at));
        }
    }
    tokens.extend(start.map(|start| (start, folded.len())));
    tokens
}

/// The letters and digits of a text, a single space between words: what two copies of it share.
pub fn essence(folded: &str) -> String {
    let mut essence = String::with_capacity(folded.len());
    let mut gap = false;
    for c in folded.chars() {
        if c.is_alphanumeric() {
            if gap && !essence.is_empty() {
                essence.push(' ');
            }
            gap = false;
            essence.push(c);
        } else {
            gap = true;
        }
    }
    essence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_in_scripts_with_and_without_spaces() {
        assert_eq!(count("it's a fine day", "It's A FINE day".chars()), Words { count: 4, cased: 11, capitals: 6 });
        assert_eq!(count("这是一个很好的例子", "".chars()).count, 4);
        assert_eq!(tokens("it's $500/день!"), [(0, 2), (3, 4), (6, 9), (10, 18)]);
        assert_eq!(essence("well, well!  done"), "well well done");
    }
}
