//! Hosts that look like others: letters of several alphabets in one label, or a whole label of another alphabet's twins.

use super::script::{Alphabet, alphabet, latin_twin};

/// What a host in ASCII looks like to a reader, if that is another host: `xn--80ak6aa92e.com` as `apple.com`.
///
/// A host under a top-level domain of its own alphabet is what it says.
pub fn looks_like(host: &str) -> Option<String> {
    if !host.contains("xn--") {
        return None;
    }
    let (shown, read) = idna::domain_to_unicode(host);
    let (_, top) = shown.rsplit_once('.')?;
    (read.is_ok() && top.is_ascii()).then_some(())?;
    let twins: Option<Vec<String>> = shown.split('.').map(twin_of).collect();
    twins.map(|labels| labels.join(".")).filter(|twin| *twin != shown)
}

/// The label in Latin letters alone that this one is mistaken for: itself, if it has no letters of other alphabets.
fn twin_of(label: &str) -> Option<String> {
    let twin = |c: char| match alphabet(c) {
        Some(Alphabet::Cyrillic | Alphabet::Greek | Alphabet::Rare) => latin_twin(c),
        Some(Alphabet::Latin) | None => Some(c),
        Some(Alphabet::Other) => None,
    };
    label.chars().map(twin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_that_look_like_others_are_told() {
        for (host, twin) in [
            ("xn--80ak6aa92e.com", Some("apple.com")),
            ("www.xn--80ak6aa92e.com", Some("www.apple.com")),
            ("xn--mbnk-63d6i.com", Some("mybank.com")),
            ("xn--mnchen-3ya.de", None),
            ("xn--e1afmkfd.com", None),
            ("xn--80ak6aa92e.xn--p1ai", None),
            ("xn--fiqs8s.com", None),
            ("xn--a.com", None),
            ("apple.com", None),
        ] {
            assert_eq!(looks_like(host).as_deref(), twin, "{host}");
        }
    }
}
