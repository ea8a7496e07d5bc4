//! Character references of HTML: what a reader sees in place of `&amp;` and `&#97;`.

use super::fold::{Hidden, Shows};

/// The longest reference that is read.
const MAX_BYTES: usize = 10;
/// What is read of one comment's references.
const MAX_REFERENCES: usize = 8192;

/// Every character reference of a text.
pub fn references(text: &str) -> Vec<Hidden> {
    let found = text.match_indices('&').filter_map(|(at, _)| {
        let rest = &text.as_bytes()[at + 1..text.len().min(at + 1 + MAX_BYTES)];
        let length = rest.iter().position(|byte| *byte == b';')?;
        let shown = character(&text[at + 1..at + 1 + length])?;
        Some(Hidden { span: (at, at + length + 2), shows: Shows::Character(shown) })
    });
    found.take(MAX_REFERENCES).collect()
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" | "lsquo" | "rsquo" => '\'',
        "nbsp" => ' ',
        "ldquo" | "rdquo" => '"',
        "hellip" => '…',
        "ndash" | "mdash" => '-',
        "zwnj" => '\u{200C}',
        "zwj" => '\u{200D}',
        "shy" => '\u{AD}',
        _ => return None,
    };
    Some(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_with_their_places() {
        let found: Vec<_> = references("a &amp; &#97;&#x62; &no; & &#x110000; x")
            .into_iter()
            .map(|one| (one.span, one.shows))
            .collect();
        let shows = Shows::Character;
        assert_eq!(found, [((2, 7), shows('&')), ((8, 13), shows('a')), ((13, 19), shows('b'))]);
    }
}
