//! Which website a browser's request belongs to. A page of anybody's may make the browser of whoever reads it call this machine.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{AsHeaderName, HOST, ORIGIN};
use url::Url;

use super::public_url::PublicUrl;

/// Whether the request asks for a name that nobody else can lead here: an address, a name without a dot, one below
/// `localhost`, or the public URL's. Any other is in its owner's hands, who may let it name this machine (DNS rebinding);
/// what a caller may do for coming from here is not for the pages of that website.
pub(super) fn is_a_name_of_ours(request: &HttpRequest, public_url: &PublicUrl) -> bool {
    let Some(asked) = said(request, HOST).filter(|host| !host.is_empty()) else { return true };
    let Ok(url) = Url::parse(&format!("http://{asked}")) else { return false };
    let Some(host) = url.host_str() else { return false };
    let name = host.trim_end_matches('.');
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let public = public_url.base().and_then(|base| Url::parse(base).ok());
    is_address
        || !name.contains('.')
        || name.ends_with(".localhost")
        || public.is_some_and(|public| public.host_str() == Some(name))
}

/// Whether a page of another website sent this. Browsers tell it themselves, the older ones and those on a connection without
/// TLS at least by the page's origin; programs that are no browsers tell neither.
pub(super) fn is_sent_from_elsewhere(request: &HttpRequest, public_url: &PublicUrl) -> bool {
    if let Some(site) = said(request, "sec-fetch-site") {
        return !matches!(site.as_str(), "same-origin" | "none");
    }
    let Some(origin) = said(request, ORIGIN) else { return false };
    let Ok(origin) = Url::parse(&origin) else { return true };
    // Behind a proxy with TLS the scheme is not known here.
    let is_asked =
        |host: String| Url::parse(&format!("{}://{host}", origin.scheme())).is_ok_and(|url| same(&url, &origin));
    let is_public = |base: &str| Url::parse(base).is_ok_and(|url| same(&url, &origin));
    !said(request, HOST).is_some_and(is_asked) && !public_url.base().is_some_and(is_public)
}

fn same(one: &Url, other: &Url) -> bool {
    one.has_host() && one.origin() == other.origin()
}

fn said(request: &HttpRequest, name: impl AsHeaderName) -> Option<String> {
    request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn public_url() -> PublicUrl {
        PublicUrl::try_from("https://blog.example/moderato".to_owned()).unwrap()
    }

    #[test]
    fn only_names_that_nobody_else_can_lead_here_are_ours() {
        let is_ours = |host: &str| {
            is_a_name_of_ours(&TestRequest::default().insert_header((HOST, host)).to_http_request(), &public_url())
        };
        for host in [
            "127.0.0.1:8080",
            "[::1]:8080",
            "localhost",
            "LocalHost:8080",
            "localhost.",
            "a.localhost:1",
            "moderato:8080",
            "",
            "blog.example",
            "Blog.Example:444",
        ] {
            assert!(is_ours(host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "x.blog.example",
            "a b",
        ] {
            assert!(!is_ours(host), "{host}");
        }
    }

    #[test]
    fn a_page_of_another_website_is_told_by_what_the_browser_says() {
        let is_elsewhere = |headers: &[(&'static str, &str)]| {
            let request = headers.iter().fold(TestRequest::default(), |request, header| request.insert_header(*header));
            is_sent_from_elsewhere(&request.to_http_request(), &public_url())
        };
        let ours = ("host", "localhost:8080");
        for headers in [
            vec![ours],
            vec![ours, ("origin", "http://localhost:8080")],
            vec![("host", "a.example"), ("origin", "https://a.example")],
            vec![("host", "127.0.0.1:8080"), ("origin", "https://blog.example")],
            vec![ours, ("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            vec![ours, ("sec-fetch-site", "none")],
        ] {
            assert!(!is_elsewhere(&headers), "{headers:?}");
        }
        for headers in [
            vec![ours, ("origin", "http://evil.example")],
            vec![ours, ("origin", "http://localhost:3000")],
            vec![ours, ("origin", "null")],
            vec![("origin", "http://evil.example")],
            vec![ours, ("origin", "http://localhost:8080"), ("sec-fetch-site", "cross-site")],
            vec![ours, ("sec-fetch-site", "same-site")],
        ] {
            assert!(is_elsewhere(&headers), "{headers:?}");
        }
    }
}
