//! Where an address leads: its host as a browser would ask for it, and who owns that host.

use url::{Host, Url};

use super::homograph;

/// The longest address that is read; a longer one is cut, which leaves its host alone.
const MAX_BYTES: usize = 2048;

/// Where an address leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The host in ASCII (punycode), or an address in its canonical form.
    pub host: String,
    /// The registrable domain by the public suffix list, private part included: `a.b.web.app` belongs to `b.web.app`.
    pub owner: String,
    /// Path and query.
    pub path: String,
    /// Whether it leads nowhere but into the reader's own network.
    pub is_local: bool,
}

impl Target {
    /// Reads an address as a browser would; `None` if it leads nowhere on the public web.
    pub fn of(address: &str) -> Option<Self> {
        Self::anywhere(address).filter(|target| !target.is_local)
    }

    /// The same, of one that may lead into the reader's own network.
    pub fn anywhere(address: &str) -> Option<Self> {
        let address = cut(address.trim_matches(|c: char| c.is_whitespace() || c.is_control()), MAX_BYTES);
        let url = Url::parse(&with_scheme(address)).ok()?;
        if !matches!(url.scheme(), "http" | "https" | "ftp") {
            return None;
        }
        let host = match url.host()? {
            Host::Domain(name) => name.trim_end_matches('.').to_owned(),
            Host::Ipv4(address) => {
                let is_local = address.is_loopback() || address.is_private() || address.is_unspecified();
                return Some(Self { is_local, ..Self::numeric(address.to_string(), &url) });
            }
            Host::Ipv6(address) => {
                let is_local = address.is_loopback() || address.is_unspecified();
                return Some(Self { is_local, ..Self::numeric(format!("[{address}]"), &url) });
            }
        };
        if host.is_empty() || host.len() > 253 {
            return None;
        }
        let (owner, is_local) = (owner_of(&host).to_owned(), !host.contains('.'));
        Some(Self { owner, path: path_of(&url), host, is_local })
    }

    /// Where the page sends its readers on: an address in a parameter that redirections use. One within another is followed
    /// once.
    pub fn unwrapped(&self) -> Option<Self> {
        const PARAMETERS: &[&str] = &[
            "adurl",
            "dest",
            "destination",
            "go",
            "goto",
            "link",
            "next",
            "out",
            "q",
            "r",
            "redir",
            "redirect",
            "redirect_to",
            "redirect_uri",
            "redirect_url",
            "target",
            "to",
            "u",
            "uri",
            "url",
        ];
        let (_, query) = self.path.split_once('?')?;
        let on = url::form_urlencoded::parse(query.as_bytes()).find_map(|(name, value)| {
            let is_address = value.starts_with("http://") || value.starts_with("https://") || value.starts_with("//");
            (is_address && PARAMETERS.contains(&name.to_ascii_lowercase().as_str())).then(|| Self::of(&value))?
        });
        on.filter(|target| target.owner != self.owner)
    }

    /// The host that a reader takes this one's for, if that is another.
    pub fn looks_like(&self) -> Option<String> {
        homograph::looks_like(&self.host)
    }

    fn numeric(host: String, url: &Url) -> Self {
        Self { owner: host.clone(), host, path: path_of(url), is_local: false }
    }
}

/// The registrable domain of a host in ASCII; a host without one belongs to itself.
pub fn owner_of(host: &str) -> &str {
    psl::domain_str(host).unwrap_or(host)
}

/// The longest beginning of at most `most` bytes that ends between characters.
pub fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    &text[..boundary_before(text, most)]
}

/// The last place between characters that is not after `at`.
pub fn boundary_before(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&place| text.is_char_boundary(place)).unwrap_or(0)
}

/// The first place between characters that is not before `at`.
pub fn boundary_after(text: &str, at: usize) -> usize {
    (at..text.len()).find(|&place| text.is_char_boundary(place)).unwrap_or(text.len())
}

fn path_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// Gives an address the scheme its reader would supply, and undoes the `hxxp` disguise.
fn with_scheme(address: &str) -> std::borrow::Cow<'_, str> {
    if let Some(rest) = address.strip_prefix("//") {
        return format!("http://{rest}").into();
    }
    let scheme = address.split_once(':').map(|(scheme, _)| scheme);
    match scheme {
        Some(scheme) if scheme.eq_ignore_ascii_case("hxxp") || scheme.eq_ignore_ascii_case("hxxps") => {
            format!("http{}", &address[4..]).into()
        }
        // The reader of addresses knows no host of a scheme that browsers do not open themselves.
        Some(scheme) if scheme.eq_ignore_ascii_case("ftps") => format!("ftp{}", &address[4..]).into(),
        Some(scheme) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) && !scheme.is_empty() => address.into(),
        _ => format!("http://{address}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_a_browser_would() {
        for (address, host, owner) in [
            ("http://Www.Shop.Example.co.uk/a?b", "www.shop.example.co.uk", "example.co.uk"),
            ("shop.web.app", "shop.web.app", "shop.web.app"),
            ("ftps://a.example.com./b", "a.example.com", "example.com"),
            ("https://bank.example@evil.test/", "evil.test", "evil.test"),
            ("http:\\\\evil.test", "evil.test", "evil.test"),
            ("hxxps://evil.test", "evil.test", "evil.test"),
            ("//evil.test/x", "evil.test", "evil.test"),
            ("http://bücher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("http://3232235777/", "", ""),
            ("http://134744072/", "8.8.8.8", "8.8.8.8"),
            ("http://localhost:8080/", "", ""),
            ("javascript:alert(1)", "", ""),
            ("mailto:a@b.example", "", ""),
            ("http://哈~", "", ""),
        ] {
            let found = Target::of(address);
            let found = found.as_ref().map_or(("", ""), |target| (target.host.as_str(), target.owner.as_str()));
            assert_eq!(found, (host, owner), "{address}");
        }
    }
}
