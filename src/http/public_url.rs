//! Where the outside reaches this service, for links that leave it.

use serde::Deserialize;
use url::Url;

/// An address with http or https, a host and perhaps a path; or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicUrl(Option<String>);

impl PublicUrl {
    /// The address without a slash at its end; `None` if none is given.
    pub fn base(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The address of a path of ours, which begins with a slash.
    pub fn of(&self, path: &str) -> Option<String> {
        self.base().map(|base| format!("{base}{path}"))
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        const MOST: usize = 1024;
        let fault = |detail: &str| Err(detail.to_owned());
        if text.is_empty() {
            return Ok(Self(None));
        }
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("http" | "https")) {
            return fault("must begin with http:// or https://");
        }
        if text.len() > MOST {
            return Err(format!("has {} bytes; the limit is {MOST}", text.len()));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
            return fault("must not have blanks, control characters or backslashes");
        }
        let Ok(url) = Url::parse(&text) else {
            return fault("is not the address of a host, such as \"https://comments.blog.example\"");
        };
        let authority = text.split('/').nth(2).unwrap_or_default();
        // More slashes than two are forgiven by browsers, which find a host, and perhaps a user, behind them.
        if authority.is_empty() {
            return fault("must have a host behind the two slashes");
        }
        if authority.contains('@') {
            return fault("must not have a user name or a password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return fault("must not have a query or a fragment (? or #)");
        }
        Ok(Self(Some(url.as_str().trim_end_matches('/').to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_without_its_last_slash() {
        for (given, kept) in [
            ("https://blog.example", "https://blog.example"),
            ("HTTPS://Blog.Example/", "https://blog.example"),
            ("http://blog.example:8080/comments/", "http://blog.example:8080/comments"),
            ("http://[2001:db8::1]:81", "http://[2001:db8::1]:81"),
        ] {
            let url = PublicUrl::try_from(given.to_owned()).unwrap();
            assert_eq!(url.base(), Some(kept), "{given}");
            assert_eq!(url.of("/demo"), Some(format!("{kept}/demo")));
        }
        for wrong in
            ["https://", "https:///blog.example", "https:///ana:pw@blog.example", "https://ana@blog.example", "http:/a"]
        {
            assert!(PublicUrl::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
        assert_eq!(PublicUrl::try_from(String::new()).unwrap().of("/demo"), None);
    }
}
