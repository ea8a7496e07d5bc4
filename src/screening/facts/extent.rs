//! Where an address ends that nothing marks the end of.
//!
//! Trailing punctuation is the sentence's, and closing brackets and quotes without their opening ones are too, as GFM's
//! extended autolinks have it.

use super::words::is_dense;

/// Characters that no address goes on behind.
fn is_stop(c: char) -> bool {
    let in_ascii = c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '|' | '`' | '^');
    let wide = matches!(c, '｜' | '，' | '。' | '、' | '！' | '？' | '；' | '：' | '（' | '）' | '【' | '】' | '…');
    in_ascii || wide || matches!(c, '「' | '」' | '『' | '』' | '《' | '》' | '“' | '”' | '„' | '«' | '»')
}

/// The end of a host with what stands before and behind it: user, password, port.
pub fn end_of_authority(text: &str, from: usize, to: usize) -> usize {
    let mut in_brackets = false;
    let mut before = None;
    for (offset, c) in text[from..to].char_indices() {
        match c {
            '[' if matches!(before, None | Some('@')) => in_brackets = true,
            ']' if in_brackets => in_brackets = false,
            '/' | '\\' | '?' | '#' | '"' | '\'' | '(' | ')' | '{' | '}' | '[' | ']' => return from + offset,
            _ if is_stop(c) => return from + offset,
            _ => {}
        }
        before = Some(c);
    }
    to
}

/// The end of what follows a host: path, query, fragment. `from` if nothing does.
pub fn end_of_path(text: &str, from: usize, to: usize) -> usize {
    let rest = &text[from..to];
    if !rest.starts_with(['/', '?', '#', '\\']) {
        return from;
    }
    let mut before = '/';
    let ends = |(_, c): &(usize, char)| {
        // A text in a script without spaces goes on behind an address; an address in one has it behind a mark.
        let is_glued = is_dense(*c) && before.is_ascii_alphanumeric();
        before = *c;
        is_glued || is_stop(*c)
    };
    let length = rest.char_indices().find(ends).map_or(rest.len(), |(offset, _)| offset);
    from + trimmed(&rest[..length])
}

/// How much of a path is left without the sentence's punctuation.
fn trimmed(path: &str) -> usize {
    let count = |c: char| path.matches(c).count();
    let mut open = [('(', ')'), ('[', ']'), ('{', '}')].map(|(open, close)| (close, count(open), count(close)));
    let mut quotes = ['\'', '"'].map(|quote| (quote, count(quote)));
    let mut left = path;
    while let Some(last) = left.chars().next_back() {
        let goes = match last {
            '.' | ',' | ':' | '!' | '?' | '*' | '~' | '_' | '(' | '[' | '{' | '\\' => true,
            ';' => {
                let name = left[..left.len() - 1].trim_end_matches(|c: char| c.is_ascii_alphanumeric());
                if name.ends_with('&') && name.len() + 1 < left.len() {
                    left = &left[..name.len() - 1];
                    continue;
                }
                true
            }
            _ => {
                let bracket = open.iter_mut().find(|(close, open, closed)| *close == last && closed > open);
                let quote = quotes.iter_mut().find(|(quote, count)| *quote == last && count % 2 == 1);
                let goes = bracket.is_some() || quote.is_some();
                bracket.into_iter().for_each(|(_, _, closed)| *closed -= 1);
                quote.into_iter().for_each(|(_, count)| *count -= 1);
                goes
            }
        };
        if !goes {
            break;
        }
        left = left.strip_suffix(last).unwrap_or(left);
    }
    left.len()
}
