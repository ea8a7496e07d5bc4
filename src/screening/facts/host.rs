//! Hosts in running text: where they begin and end, and whether something without a scheme is meant as one.

use super::Span;
use super::script::is_invisible;
use super::target::Target;
use super::words::is_dense;

/// Top-level domains that mean a web address even when nothing else does. Left out are those that are also file extensions,
/// parts of program names (`.net`), or words that follow a full stop without a space (`it`, `is`, `in`, `to`, `me`).
const PLAIN: &[&str] = &[
    "app", "ar", "asia", "at", "au", "biz", "br", "ca", "casino", "ch", "club", "cn", "co", "com", "coop", "cz", "de",
    "dev", "dk", "edu", "eu", "fi", "fr", "ga", "gg", "gov", "gq", "gr", "hk", "hu", "ie", "il", "info", "io", "jp",
    "kr", "kz", "live", "loan", "lt", "lv", "museum", "mx", "nl", "nz", "online", "org", "pk", "pt", "ro", "ru", "se",
    "sg", "shop", "site", "sk", "store", "th", "tk", "top", "tr", "tv", "tw", "ua", "uk", "vip", "vn", "ws", "xxx",
    "xyz", "za",
];

/// Extensions of files that are also top-level domains: `main.rs/src` is no address.
const FILES: &[&str] =
    &["cc", "cl", "md", "ml", "mov", "pl", "pm", "ps", "py", "rs", "sc", "sh", "so", "st", "tf", "zip"];

/// First labels of packages, which are domains backwards.
const PACKAGES: &[&str] = &["com", "io", "java", "javax", "net", "org", "std"];

/// Where a host ends in the part of an address that holds it.
pub struct Host {
    /// In bytes from the part's start, a port included.
    pub end: usize,
}

impl Host {
    /// The host behind a scheme and a user's name; what of the part is the sentence's is left out.
    pub fn in_authority(part: &str) -> Option<Self> {
        let start = part.rfind('@').map_or(0, |at| at + 1);
        let host = &part[start..];
        if host.starts_with('[') {
            let end = start + host.find(']')? + 1;
            return Some(Self { end: end + port(&part[end..]) });
        }
        let name = &host[..host.find(':').unwrap_or(host.len())];
        let kept = name.trim_end_matches(['.', ',', ';', '!', '-', '*', '~', '&', '=', '+', '$', '%']);
        let cut = kept.len() - glued(kept);
        let kept = &kept[..cut];
        if kept.is_empty() || kept.starts_with(['.', '-', ',']) || kept.ends_with('_') || kept.contains("..") {
            return None;
        }
        let is_whole = kept.len() == name.len();
        Some(Self { end: start + kept.len() + if is_whole { port(&host[name.len()..]) } else { 0 } })
    }

    /// The host of at least two labels that begins at the span's start and has a full stop at or behind `stop`.
    pub fn schemeless(text: &str, (start, to): Span, stop: usize) -> Option<Span> {
        let end = run_after(text, stop, to);
        let run = text[start..end].trim_end_matches(['.', '-']);
        let run = &run[..run.len() - glued(run)];
        let is_label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
        (run.contains('.') && !run.starts_with('_') && run.split('.').all(is_label))
            .then_some((start, start + run.len()))
    }
}

/// How many bytes of a host's end are a text in a script without spaces that goes on behind it.
fn glued(host: &str) -> usize {
    let label = host.rsplit('.').next().unwrap_or_default();
    if !label.starts_with(|c: char| c.is_ascii_alphanumeric()) || label.len() == host.len() {
        return 0;
    }
    label.find(is_dense).map_or(0, |at| label.len() - at)
}

/// The length of a port with its colon; 0 if there is none.
fn port(text: &str) -> usize {
    let digits = text.strip_prefix(':').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    if digits == 0 { 0 } else { digits + 1 }
}

fn is_host_char(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || matches!(c, '-' | '_'),
        false => c.is_alphanumeric() || is_invisible(c) || unicode_normalization::char::is_combining_mark(c),
    }
}

/// Arrows and signs, of which some hosts are made.
fn is_symbol(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{27BF}')
}

/// The end of the host characters and single full stops from here on.
pub fn run_after(text: &str, from: usize, to: usize) -> usize {
    let mut before = ' ';
    let ends = |(_, c): &(usize, char)| {
        let goes_on = if *c == '.' { before != '.' } else { is_host_char(*c) };
        before = *c;
        !goes_on
    };
    text[from..to].char_indices().find(ends).map_or(to, |(offset, _)| from + offset)
}

/// Where the label before a full stop begins. A text in a script without spaces may go over into it.
pub fn label_before(text: &str, from: usize, stop: usize) -> usize {
    let mut start = stop;
    let mut dense = None;
    if text[from..stop].ends_with(is_symbol) {
        return from + text[from..stop].trim_end_matches(is_symbol).len();
    }
    for (offset, c) in text[from..stop].char_indices().rev() {
        if !is_host_char(c) || *dense.get_or_insert(is_dense(c)) != is_dense(c) {
            break;
        }
        start = from + offset;
    }
    start
}

/// Whether an address without a scheme may stand behind this character.
pub fn may_follow(before: Option<char>) -> bool {
    !matches!(before, Some('.' | '/' | '\\' | '_' | '-' | '@' | '$'))
}

/// Whether something without a scheme is meant as an address that ends at `end`.
pub fn is_meant(text: &str, host: Span, end: usize) -> bool {
    let written = &text[host.0..host.1];
    let lower = written.to_lowercase();
    let labels: Vec<&str> = lower.split('.').collect();
    let (Some(first), Some(tld)) = (labels.first(), labels.last()) else { return false };
    let behind = &text[host.1..end];
    if tld.bytes().all(|byte| byte.is_ascii_digit()) {
        return labels.len() == 4 && labels.iter().all(|label| label.parse::<u8>().is_ok());
    }
    let is_plain = PLAIN.contains(tld) || !tld.is_ascii();
    let is_call = text[end..].starts_with('(') && !matches!(*tld, "com" | "ru");
    if *first == "www" {
        return labels.len() > 2 && tld.len() > 1;
    }
    if is_call || !has_known_suffix(&lower) {
        return false;
    }
    if behind.len() > 1 {
        return !FILES.contains(tld) || labels.len() > 2;
    }
    let written_tld = &written[written.rfind('.').map_or(0, |at| at + 1)..];
    let is_one_case = !written_tld.contains(char::is_uppercase) || !written.contains(char::is_lowercase);
    let is_long = labels.len() > 2 && tld.len() == 2 && !FILES.contains(tld);
    is_one_case && (is_plain || is_long) && !PACKAGES.contains(first)
}

/// Whether a host ends with a suffix that domains can be registered under.
fn has_known_suffix(host: &str) -> bool {
    let Some(target) = Target::of(host) else { return false };
    psl::suffix(target.host.as_bytes())
        .is_some_and(|suffix| suffix.is_known() && suffix.as_bytes().len() < target.host.len())
}
