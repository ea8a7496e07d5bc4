//! Links and e-mail addresses that stand in the text without markup.
//!
//! Web addresses are read here, in one pass: an address with a scheme is whatever a browser would open, one without a scheme
//! has to look meant. E-mail addresses are `linkify`'s.

use linkify::{LinkFinder, LinkKind};

use super::extent::{end_of_authority, end_of_path};
use super::host::{self, Host};
use super::target::{Target, boundary_before};
use super::undisguise::Undisguised;
use super::{Span, Work};

/// The most bytes given to `linkify` at once: its work grows with the square of a token's length.
const MAX_TOKEN: usize = 256;

/// Schemes that lead to a page. `hxxp` is `http` in disguise.
const SCHEMES: &[&str] = &["https", "http", "ftps", "ftp", "hxxps", "hxxp"];

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
    let mut gap = 0;
    for &(start, end) in covered.iter().chain(std::iter::once(&(text.len(), text.len()))) {
        if start > gap && !read_gap(text, (gap, start), work, &mut found) {
            break;
        }
        gap = gap.max(end);
    }
    found
}

/// Reads what stands between two marks; `false` if the budget is spent.
fn read_gap(text: &str, (from, to): Span, work: &mut Work, found: &mut Bare) -> bool {
    let source = &text[from..to];
    let may_spell_out = || ["dot", "Dot", "DOT"].iter().any(|word| source.contains(word));
    if !source.contains(['.', ':', '@']) && !source.contains("//") && source.is_ascii() && !may_spell_out() {
        return true;
    }
    let plain = Undisguised::of(source);
    let back = |span: Span| {
        let (start, end) = plain.origin(span);
        (from + start, from + end)
    };
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Email]);
    for token in promising_tokens(&plain.text) {
        if !work.spend_link() {
            return false;
        }
        let mut mails = mails(&plain.text, token, &finder);
        let mut at = token.0;
        while let Some((span, target)) = next_link(&plain.text, (at, token.1)) {
            at = span.1.max(at + 1);
            let Some(target) = target else { continue };
            let overlaps = |mail: &Span| mail.0 < span.1 && span.0 < mail.1;
            // What has a scheme or a path may hold an `@`; a bare host beside one is a mail's.
            if plain.text[span.0..span.1].contains('/') {
                mails.retain(|mail| !overlaps(mail));
            } else if mails.iter().any(overlaps) {
                continue;
            }
            if !work.spend_link() {
                return false;
            }
            found.links.push((back(span), target));
        }
        found.mails.extend(mails.into_iter().map(back));
    }
    true
}

/// The pieces between white space that could hold an address.
fn promising_tokens(text: &str) -> Vec<Span> {
    let mut tokens = Vec::new();
    let (mut start, mut promising) = (0, false);
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let is_wide_bar = byte == 0xEF && bytes[at..].starts_with("｜".as_bytes());
        if byte.is_ascii_whitespace() || matches!(byte, b'<' | b'>' | b'|') || is_wide_bar {
            if promising {
                tokens.push((start, at));
            }
            (start, promising) = (at + if is_wide_bar { 3 } else { 1 }, false);
        } else if matches!(byte, b'.' | b':' | b'@' | b'/') && !promising {
            let next = bytes.get(at + 1).copied().unwrap_or(b' ');
            promising = match byte {
                b':' => matches!(next, b'/' | b'\\'),
                b'/' => next == b'/' && at == start,
                _ => at > start && (next.is_ascii_alphanumeric() || next >= 0x80 || byte == b'@'),
            };
        }
    }
    if promising {
        tokens.push((start, text.len()));
    }
    tokens
}

fn mails(text: &str, (from, to): Span, finder: &LinkFinder) -> Vec<Span> {
    let mut mails: Vec<Span> = Vec::new();
    let mut start = from;
    while start < to && text[start..to].contains('@') {
        let end = if to - start <= MAX_TOKEN { to } else { boundary_before(text, start + MAX_TOKEN) };
        for mail in finder.links(&text[start..end]) {
            let floor = mails.last().map_or(start, |mail| mail.1);
            mails.push((with_semicolons(text, floor, start + mail.start()), start + mail.end()));
        }
        start = end;
    }
    if mails.is_empty() {
        mails.extend(mailbox_of_link(text, (from, to)));
    }
    mails
}

/// Where a mail's name begins that has semicolons in it, which `linkify` does not take.
fn with_semicolons(text: &str, floor: usize, start: usize) -> usize {
    let before = &text[floor..start];
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, ';' | '.' | '_' | '-' | '+');
    if before.ends_with(';') { floor + before.trim_end_matches(is_part).len() } else { start }
}

/// The mailbox that `mailto:` names, whatever it is.
fn mailbox_of_link(text: &str, (from, to): Span) -> Option<Span> {
    const SCHEME: &str = "mailto:";
    let token = &text[from..to];
    let start = token.as_bytes().windows(SCHEME.len()).position(|part| part.eq_ignore_ascii_case(SCHEME.as_bytes()))?;
    let start = start + SCHEME.len();
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '@' | '.' | '_' | '-' | '+');
    let mailbox = &token[start..start + token[start..].find(|c| !is_part(c)).unwrap_or(token.len() - start)];
    let (name, domain) = mailbox.trim_end_matches(['.', '-']).split_once('@')?;
    let length = name.len() + 1 + domain.len();
    (!name.is_empty() && !domain.is_empty()).then_some((from + start, from + start + length))
}

/// The next place that is or might have been an address: reading goes on behind it.
fn next_link(text: &str, (from, to): Span) -> Option<(Span, Option<Target>)> {
    let bytes = &text.as_bytes()[..to];
    let mut at = from;
    loop {
        at += bytes[at..].iter().position(|byte| matches!(byte, b'.' | b':' | b'/'))?;
        let found = match bytes[at] {
            b':' => with_scheme(text, (from, to), at),
            b'/' => without_scheme(text, (from, to), at),
            _ => schemeless(text, (from, to), at),
        };
        if found.is_some() {
            return found;
        }
        at += 1;
    }
}

/// An address whose scheme ends at this colon.
fn with_scheme(text: &str, (from, to): Span, colon: usize) -> Option<(Span, Option<Target>)> {
    let slashes = text[colon + 1..to].bytes().take_while(|byte| matches!(byte, b'/' | b'\\')).count();
    if slashes == 0 {
        return None;
    }
    let letters = text[from..colon].bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    let word = &text[colon - letters..colon];
    let after = colon + 1 + slashes;
    let authority = end_of_authority(text, after, to);
    let is_scheme = |scheme: &&&str| {
        let tail = word.len().checked_sub(scheme.len()).and_then(|start| word.get(start..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(scheme))
    };
    let Some(scheme) = SCHEMES.iter().find(is_scheme) else { return Some(((colon, authority.max(colon + 1)), None)) };
    let start = colon - scheme.len();
    let follows = text[from..start].chars().next_back();
    let whole = Host::in_authority(&text[after..authority]).filter(|_| follows != Some('_') && slashes < 8);
    let Some(host) = whole else { return Some(((start, authority.max(colon + 1)), None)) };
    // The root's full stop, before a path: `http://a.example./b`.
    let has_root = &text[after + host.end..authority] == "." && text[authority..to].starts_with(['/', '?', '#']);
    let end_of_host = after + host.end + usize::from(has_root);
    let end = if end_of_host == authority { end_of_path(text, end_of_host, to) } else { end_of_host };
    Some(((start, end), Target::anywhere(&text[start..end])))
}

/// An address that begins with the second of two slashes: `//host/…`.
fn without_scheme(text: &str, (from, to): Span, slash: usize) -> Option<(Span, Option<Target>)> {
    let rest = &text[slash..to];
    let is_begun =
        !text[from..slash].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '\\' | ':' | '.'));
    if !rest.starts_with("//") || rest.starts_with("///") || !is_begun {
        return None;
    }
    if rest[2..].starts_with("localhost") {
        let end = end_of_path(text, slash + 2 + "localhost".len(), to);
        return Some(((slash, end), Target::anywhere(&text[slash..end])));
    }
    let host = Host::schemeless(text, (slash + 2, to), slash + 2)?;
    let end = end_of_path(text, host.1, to);
    let target = host::is_meant(text, host, end).then(|| Target::of(&text[slash..end])).flatten();
    Some(((slash, end), target))
}

/// An address without a scheme, whose host has a full stop here.
fn schemeless(text: &str, (from, to): Span, stop: usize) -> Option<(Span, Option<Target>)> {
    let run = host::run_after(text, stop, to);
    let nothing = Some(((stop, run.max(stop + 1)), None));
    let start = host::label_before(text, from, stop);
    let before = text[..start].chars().next_back();
    let Some(host) = Host::schemeless(text, (start, to), stop).filter(|_| host::may_follow(before)) else {
        return nothing;
    };
    let mut end = host.1;
    let mut followed = text[end..to].chars();
    match followed.next() {
        Some('@') => return nothing,
        Some(':') => {
            let digits = text[end + 1..to].bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 {
                match text[end + 1..end + 1 + digits].parse::<u16>() {
                    Ok(_) => end += 1 + digits,
                    Err(_) => return nothing,
                }
            }
        }
        _ => {}
    }
    let end = end_of_path(text, end, to);
    let target = host::is_meant(text, host, end).then(|| Target::anywhere(&text[host.0..end])).flatten();
    // Four numbers by themselves are a version more often than an address: nothing is held against them.
    let is_version = end == host.1 && text[host.0..end].bytes().all(|byte| byte == b'.' || byte.is_ascii_digit());
    let target = target.map(|target| Target { is_local: target.is_local || is_version, ..target });
    match target {
        Some(target) => Some(((host.0, end), Some(target))),
        None => nothing,
    }
}

#[cfg(test)]
mod tests;
