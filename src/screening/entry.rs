//! What is wrong with an entry of a site's own lists, if anything is.

use regex::RegexBuilder;

use super::fold_for_search;
use crate::domain::{Fault, ListAction, ListEntry, ListName, Match};

/// The most bytes that a regular expression may take once it is compiled: 256 KiB.
const REGEX_BYTES: usize = 256 * 1024;

/// What is wrong with an entry of this list, each with its field.
pub fn entry_faults(list: ListName, entry: &ListEntry) -> Vec<(&'static str, Fault)> {
    let most = ListAction::MOST_POINTS;
    let value = entry.value.trim();
    let value = match list {
        ListName::Phrases => phrase(entry.kind, value),
        ListName::Domains => domain(value),
        ListName::Addresses => network(value),
        ListName::Mails => mail(value),
    };
    let mut faults: Vec<_> = value.err().map(|fault| ("value", fault)).into_iter().collect();
    if list != ListName::Phrases && entry.kind != Match::Word {
        let detail = format!("must be `word`, or be left out: {} are compared as what they are", list.as_str());
        faults.push(("match", Fault::new("not_allowed", detail)));
    }
    if matches!(entry.action, ListAction::Points(points) if !(-most..=most).contains(&points)) {
        faults.push(("action", Fault::new("out_of_range", format!("must have points from -{most} to {most}"))));
    }
    faults
}

fn phrase(kind: Match, value: &str) -> Result<(), Fault> {
    let shows = |text: &str| !fold_for_search(text).trim().is_empty();
    match kind {
        Match::Word | Match::Substring if shows(value) => Ok(()),
        Match::Word | Match::Substring => Err(Fault::new("empty", "holds nothing that can be seen")),
        Match::Wildcard if shows(&value.replace(['*', '?'], "")) => Ok(()),
        Match::Wildcard => Err(Fault::new("empty", "holds nothing that can be seen but `*` and `?`")),
        Match::Regex => regex(value),
    }
}

fn regex(value: &str) -> Result<(), Fault> {
    match RegexBuilder::new(value).size_limit(REGEX_BYTES).nest_limit(50).build() {
        Ok(regex) if regex.is_match("") => {
            Err(Fault::new("matches_nothing", "is found in the empty text, and so in every comment"))
        }
        Ok(_) => Ok(()),
        Err(regex::Error::CompiledTooBig(limit)) => {
            let detail = format!("takes more than {limit} bytes (256 KiB) once it is compiled: make it simpler");
            Err(Fault::new("too_large", detail))
        }
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Err(Fault::new("invalid_regex", format!("is no regular expression: {why}")))
        }
    }
}

fn domain(value: &str) -> Result<(), Fault> {
    let fault = || Fault::new("invalid_domain", "is not a domain such as shop.example, without scheme, port and path");
    let name = value.strip_prefix("*.").or(value.strip_prefix('.')).unwrap_or(value);
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_name = name.split('.').all(|label| !label.is_empty()) && !name.contains(char::is_whitespace);
    match url::Host::parse(name) {
        Ok(url::Host::Domain(_)) if is_name => Ok(()),
        _ => Err(fault()),
    }
}

fn network(value: &str) -> Result<(), Fault> {
    if value.parse::<std::net::IpAddr>().is_ok() || value.parse::<ipnet::IpNet>().is_ok() {
        return Ok(());
    }
    Err(Fault::new("invalid_ip", "is neither an address nor a network such as 203.0.113.0/24"))
}

/// An address, or the domain of addresses with or without an `@` before it.
fn mail(value: &str) -> Result<(), Fault> {
    let (local, host) = value.rsplit_once('@').unwrap_or(("", value));
    let is_local = !local.contains(|letter: char| letter.is_whitespace() || letter == '@' || letter.is_control());
    if is_local && !host.starts_with(['.', '*']) && domain(host).is_ok() {
        return Ok(());
    }
    Err(Fault::new("invalid_mail", "is neither an e-mail address nor a mail domain such as mail.example"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn fault(list: ListName, kind: Match, value: &str) -> Option<&'static str> {
        let entry = ListEntry {
            value: value.to_owned().try_into().unwrap(),
            kind,
            action: ListAction::Hold,
            note: None,
            expires_at: None,
            created_at: Timestamp::from_millis(0),
        };
        entry_faults(list, &entry).first().map(|(_, fault)| fault.code)
    }

    #[test]
    fn what_an_entry_looks_for_must_be_of_its_kind() {
        use ListName::{Addresses, Domains, Mails, Phrases};
        use Match::{Regex, Substring, Wildcard, Word};
        for (list, kind, value) in [
            (Phrases, Word, "cheap pills"),
            (Phrases, Substring, "免费"),
            (Phrases, Wildcard, "casino*"),
            (Phrases, Regex, r"buy\s+(now|today)"),
            (Domains, Word, "shop.example"),
            (Domains, Word, "*.shop.example"),
            (Domains, Word, "bücher.example"),
            (Domains, Word, ".zip"),
            (Addresses, Word, "203.0.113.7"),
            (Addresses, Word, "2001:db8::/32"),
            (Mails, Word, "ana@mail.example"),
            (Mails, Word, "@mail.example"),
            (Mails, Word, "mail.example"),
        ] {
            assert_eq!(fault(list, kind, value), None, "{value}");
        }
        for (list, kind, value, code) in [
            (Phrases, Word, " \u{200b}\u{ad} ", "empty"),
            (Phrases, Wildcard, "**?", "empty"),
            (Phrases, Regex, "(", "invalid_regex"),
            (Phrases, Regex, "a*", "matches_nothing"),
            (Phrases, Regex, r"\w{5000}", "too_large"),
            (Domains, Word, "https://shop.example/", "invalid_domain"),
            (Domains, Word, "shop..example", "invalid_domain"),
            (Domains, Word, "203.0.113.7", "invalid_domain"),
            (Domains, Substring, "shop.example", "not_allowed"),
            (Addresses, Word, "203.0.113.", "invalid_ip"),
            (Addresses, Word, "203.0.113.0/33", "invalid_ip"),
            (Mails, Word, "two words@mail.example", "invalid_mail"),
            (Mails, Word, "ana@", "invalid_mail"),
        ] {
            assert_eq!(fault(list, kind, value), Some(code), "{value}");
        }
    }
}
