//! Sorts the lines of WordPress's disallowed and moderation keys into lists.
//!
//! WordPress looks for each line, in lower or upper case and anywhere, in author, e-mail address, website, text, address and user
//! agent. Here each goes where it can be meant.

use std::net::{IpAddr, Ipv4Addr};

use crate::domain::ListName;

/// The list that a line belongs into, and its value there.
pub(super) fn sort(line: &str) -> (ListName, String) {
    if let Some(network) = network(line) {
        return (ListName::Addresses, network);
    }
    if is_mail(line) {
        return (ListName::Mails, line.to_owned());
    }
    match domain(line) {
        Some(domain) => (ListName::Domains, domain),
        None => (ListName::Phrases, line.to_owned()),
    }
}

/// An address, a network, or the beginning of an address of IPv4 (`192.0.2.`, `192.0.2.*`) as the network that begins so.
fn network(line: &str) -> Option<String> {
    if line.parse::<IpAddr>().is_ok() || line.parse::<ipnet::IpNet>().is_ok() {
        return Some(line.to_owned());
    }
    let start = line.trim_end_matches('*').strip_suffix('.')?;
    let parts: Vec<u8> = start.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let mut octets = [0; 4];
    octets.get_mut(..parts.len()).filter(|_| parts.len() < 4)?.copy_from_slice(&parts);
    Some(format!("{}/{}", Ipv4Addr::from(octets), 8 * parts.len()))
}

fn is_mail(line: &str) -> bool {
    line.split_once('@').is_some_and(|(local, host)| !local.contains(char::is_whitespace) && is_host(host))
}

/// The domain of a line that looks like a host, alone or as the address of its front page.
fn domain(line: &str) -> Option<String> {
    let lower = line.to_lowercase();
    let bare = lower.strip_prefix("https://").or(lower.strip_prefix("http://")).unwrap_or(&lower);
    let bare = bare.strip_prefix("www.").unwrap_or(bare);
    let bare = bare.trim_end_matches('/').trim_start_matches("*.");
    let is_ending = bare.strip_prefix('.').is_some_and(|rest| is_label(rest) && is_last_label(rest));
    (is_host(bare.trim_start_matches('.')) || is_ending).then(|| bare.to_owned())
}

fn is_host(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    labels.len() > 1
        && labels.iter().all(|label| is_label(label))
        && labels.last().is_some_and(|last| is_last_label(last))
}

fn is_label(label: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '-';
    (1..=63).contains(&label.len()) && label.chars().all(is_part) && !label.starts_with('-') && !label.ends_with('-')
}

/// A name's end, as there are: letters, or such as ASCII writes them.
fn is_last_label(label: &str) -> bool {
    label.chars().count() > 1 && (label.chars().all(char::is_alphabetic) || label.starts_with("xn--"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_where_it_can_be_meant() {
        use ListName::{Addresses, Domains, Mails, Phrases};
        for (line, list, value) in [
            ("203.0.113.7", Addresses, "203.0.113.7"),
            ("203.0.113.0/24", Addresses, "203.0.113.0/24"),
            ("2001:db8::1", Addresses, "2001:db8::1"),
            ("192.0.2.", Addresses, "192.0.2.0/24"),
            ("192.0.2.*", Addresses, "192.0.2.0/24"),
            ("198.51.", Addresses, "198.51.0.0/16"),
            ("ana@mail.example", Mails, "ana@mail.example"),
            ("@mail.example", Mails, "@mail.example"),
            ("shop.example", Domains, "shop.example"),
            ("http://www.Shop.example/", Domains, "shop.example"),
            (".example", Domains, ".example"),
            ("*.shop.example", Domains, "shop.example"),
            ("bücher.example", Domains, "bücher.example"),
            ("cheap pills", Phrases, "cheap pills"),
            ("shop.example/offer", Phrases, "shop.example/offer"),
            ("version 1.2.", Phrases, "version 1.2."),
            ("256.1.", Phrases, "256.1."),
            ("1.5", Phrases, "1.5"),
            ("me @ home", Phrases, "me @ home"),
            ("...", Phrases, "..."),
        ] {
            assert_eq!(sort(line), (list, value.to_owned()), "{line}");
        }
    }
}
