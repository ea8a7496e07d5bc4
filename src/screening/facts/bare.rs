//! Links and e-mail addresses that stand in the text without markup.

use linkify::{LinkFinder, LinkKind};

use super::target::{Target, boundary_before};
use super::{Span, Work};

/// The most bytes given to `linkify` at once: its work grows with the square of a token's length.
const MAX_TOKEN: usize = 256;
/// The longest address that is read whole.
const MAX_ADDRESS: usize = 2048;

/// Top-level domains that mean a web address even when nothing else does. Left out are those that are also
/// file extensions, parts of program names (`.net`) or words that follow a full stop without a space.
const PLAIN: &[&str] = &[
    "biz", "casino", "cn", "club", "com", "info", "live", "online", "org", "ru", "shop", "site", "store", "top", "vip",
    "xyz",
];

/// Extensions of files that are also top-level domains: `main.rs/src` is no address.
const FILES: &[&str] = &["cc", "md", "mov", "pl", "ps", "py", "rs", "sh", "so", "zip"];

/// What was found.
#[derive(Debug, Default)]
pub struct Bare {
    /// Web addresses.
    pub links: Vec<(Span, Target)>,
    /// E-mail addresses.
    pub mails: Vec<Span>,
}

/// Everything outside the `covered` spans (sorted), which markup has already explained.
pub fn find(text: &str, covered: &[Span], work: &mut Work) -> Bare {
    let mut found = Bare::default();
    let mut finder = LinkFinder::new();
    finder.url_must_have_scheme(false).url_can_be_iri(false);
    for token in tokens(text, covered) {
        if !work.spend_link() {
            break;
        }
        read(text, token, &finder, &mut found);
    }
    found
}

/// The pieces between white space that could hold an address, cut to what `linkify` may be given.
fn tokens(text: &str, covered: &[Span]) -> Vec<Span> {
    let mut tokens = Vec::new();
    let mut gap = 0;
    for &(start, end) in covered.iter().chain(std::iter::once(&(text.len(), text.len()))) {
        if start > gap {
            split(text, (gap, start), &mut tokens);
        }
        gap = gap.max(end);
    }
    tokens
}

fn split(text: &str, (from, to): Span, tokens: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut start = from;
    let mut promising = false;
    for at in from..to {
        let byte = bytes[at];
        if byte.is_ascii_whitespace() {
            if promising {
                tokens.push((start, at));
            }
            (start, promising) = (at + 1, false);
        } else if matches!(byte, b'.' | b':' | b'@') && at + 1 < to {
            let next = bytes[at + 1];
            promising |= match byte {
                b'.' => next.is_ascii_alphanumeric() && at > start,
                b':' => matches!(next, b'/' | b'\\'),
                _ => next.is_ascii_alphanumeric() && at > start,
            };
        }
    }
    if promising {
        tokens.push((start, to));
    }
}

fn read(text: &str, (from, to): Span, finder: &LinkFinder, found: &mut Bare) {
    let mut start = from;
    let mut inside_link = false;
    while start < to {
        let end = if to - start <= MAX_TOKEN { to } else { boundary_before(text, start + MAX_TOKEN) };
        let before = found.links.len() + found.mails.len();
        if !inside_link {
            inside_link = read_piece(text, (start, end), finder, found) == end;
            if inside_link && end < to {
                lengthen(text, (end, to), found);
            }
        }
        let nothing = before == found.links.len() + found.mails.len();
        if nothing && !inside_link && end == to && to - from <= MAX_TOKEN {
            found.links.extend(international(text, (from, to)));
        }
        start = end;
    }
}

/// Reads one piece; the answer is where its last address ends.
fn read_piece(text: &str, (start, end): Span, finder: &LinkFinder, found: &mut Bare) -> usize {
    let mut last = 0;
    for link in finder.links(&text[start..end]) {
        let span = (start + link.start(), start + link.end());
        match link.kind() {
            LinkKind::Email => found.mails.push(span),
            _ if means_an_address(link.as_str()) => {
                found.links.extend(Target::of(link.as_str()).map(|target| (span, target)));
            }
            _ => continue,
        }
        last = span.1;
    }
    last
}

/// Gives an address that was cut with its piece the rest of its token.
fn lengthen(text: &str, (cut, to): Span, found: &mut Bare) {
    let Some((span, target)) = found.links.last_mut().filter(|(span, _)| span.1 == cut) else { return };
    let most = to.min(span.0 + MAX_ADDRESS);
    let stops = |byte: &u8| !byte.is_ascii() || matches!(byte, b'<' | b'>' | b'"' | b'\'' | b')' | b']');
    let rest = &text.as_bytes()[span.1..most];
    let end = span.1 + rest.iter().position(stops).unwrap_or(rest.len());
    if let Some(whole) = Target::of(&text[span.0..end]) {
        (*span, *target) = ((span.0, end), whole);
    }
}

/// An address with a scheme whose host `linkify` does not take: not in ASCII, numeric, or with a user's name.
fn international(text: &str, (start, end): Span) -> Option<(Span, Target)> {
    let token = &text[start..end];
    let colon = token.find("://").or_else(|| token.find(":\\\\"))?;
    let scheme = token[..colon].bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    let stop =
        |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | ')' | ']' | '，' | '。' | '、' | '】');
    let length = token[colon + 3..].find(stop).map_or(token.len(), |offset| colon + 3 + offset);
    let address = token[colon - scheme..length].trim_end_matches(['.', ',', ';', '!', '?']);
    let target = Target::of(address)?;
    let begin = start + colon - scheme;
    Some(((begin, begin + address.len()), target))
}

/// Whether something that looks like an address is meant as one.
fn means_an_address(link: &str) -> bool {
    if link.contains("://") {
        return true;
    }
    let lower = link.to_ascii_lowercase();
    if lower.starts_with("www.") {
        return true;
    }
    let host = lower.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let Some((name, tld)) = host.rsplit_once('.') else { return false };
    let written_tld = &link[host.len() - tld.len()..host.len()];
    let has_path = lower.len() > host.len() + 1 && lower.as_bytes()[host.len()] == b'/';
    if has_path {
        return !FILES.contains(&tld)
            && psl::suffix_str(host).is_some_and(|suffix| suffix.len() < host.len())
            && known(host);
    }
    let is_one_case = written_tld.bytes().all(|byte| byte.is_ascii_lowercase());
    is_one_case && name.len() > 1 && PLAIN.contains(&tld)
}

fn known(host: &str) -> bool {
    psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        find(text, &[], &mut Work::default()).links.into_iter().map(|(_, target)| target.host).collect()
    }

    #[test]
    fn addresses_are_found_with_and_without_a_scheme() {
        let long = format!("http://a.example/{}.com", "x".repeat(600));
        for (text, expected) in [
            ("see http://a.example/x, and https://b.example.", vec!["a.example", "b.example"]),
            ("www.a.example or example.com!", vec!["www.a.example", "example.com"]),
            ("地址dwz.cn/abc复制到", vec!["dwz.cn"]),
            (long.as_str(), vec!["a.example"]),
            ("http://пример.рф/путь", vec!["xn--e1afmkfd.xn--p1ai"]),
            ("https://bank.example@evil.example/", vec!["evil.example"]),
        ] {
            assert_eq!(hosts(text), expected, "{text}");
        }
    }

    #[test]
    fn programs_files_and_sentences_are_no_addresses() {
        for text in [
            "main.rs and lib.py/x",
            "ASP.NET uses System.Web.Mvc.dll",
            "the end.Then more",
            "v1.2.3 e.g. this",
            "Console.WriteLine(x.y)",
            "a..b",
            "http://localhost:8080/x",
            "node.js,vue.js",
            "it.is",
        ] {
            assert_eq!(hosts(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn mail_addresses_are_kept_apart() {
        let found = find("write to a.b@mail.example now", &[], &mut Work::default());
        assert_eq!((found.links.len(), found.mails), (0, vec![(9, 25)]));
    }
}
