//! What an entry of a site's own lists looks for, read; and what is wrong with it, if anything is.

use ipnet::IpNet;

use super::phrases::Phrase;
use crate::domain::{Fault, ListAction, ListEntry, ListName, Match};

/// What an entry looks for.
pub enum Value {
    /// A phrase.
    Phrase(Phrase),
    /// A host in ASCII, meant with all below it.
    Domain(String),
    /// A network.
    Network(IpNet),
    /// An address in lower case, or a host in ASCII that is meant with all below it.
    Mail(String),
}

impl Value {
    /// Reads it as somebody typed it.
    pub fn read(list: ListName, entry: &ListEntry) -> Result<Self, Fault> {
        let value = entry.value.trim();
        match list {
            ListName::Phrases => Phrase::read(entry.kind, value).map(Value::Phrase),
            ListName::Domains => domain(value).map(Value::Domain),
            ListName::Addresses => network(value).map(Value::Network),
            ListName::Mails => mail(value).map(Value::Mail),
        }
    }
}

/// What is wrong with an entry of this list, each with its field.
pub fn entry_faults(list: ListName, entry: &ListEntry) -> Vec<(&'static str, Fault)> {
    let most = ListAction::MOST_POINTS;
    let value = Value::read(list, entry);
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

fn domain(value: &str) -> Result<String, Fault> {
    let fault = || Fault::new("invalid_domain", "is not a domain such as shop.example, without scheme, port and path");
    let name = value.strip_prefix("*.").or(value.strip_prefix('.')).unwrap_or(value);
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_name = name.split('.').all(|label| !label.is_empty()) && !name.contains(char::is_whitespace);
    match url::Host::parse(name) {
        Ok(url::Host::Domain(host)) if is_name => Ok(host),
        _ => Err(fault()),
    }
}

fn network(value: &str) -> Result<IpNet, Fault> {
    let network = value.parse::<std::net::IpAddr>().map(IpNet::from).or_else(|_| value.parse());
    network.map_err(|_| Fault::new("invalid_ip", "is neither an address nor a network such as 203.0.113.0/24"))
}

/// An address, or the domain of addresses with or without an `@` before it.
fn mail(value: &str) -> Result<String, Fault> {
    let (local, host) = value.rsplit_once('@').unwrap_or(("", value));
    let is_local = !local.contains(|letter: char| letter.is_whitespace() || letter == '@' || letter.is_control());
    let fault = || Fault::new("invalid_mail", "is neither an e-mail address nor a mail domain such as mail.example");
    if !is_local || host.starts_with(['.', '*']) {
        return Err(fault());
    }
    let host = domain(host).map_err(|_| fault())?;
    Ok(if local.is_empty() { host } else { format!("{}@{host}", local.to_lowercase()) })
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
            (Phrases, Wildcard, "?*a", "no_anchor"),
            (Phrases, Wildcard, "a*b*c*d*e*f", "too_many_wildcards"),
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
