//! BBCode links: `[url=…]text[/url]`, `[url]…[/url]`, `[link=…]`, `[img]…[/img]`.

use super::Span;

/// What is read of one comment's tags.
const MAX_TAGS: usize = 4096;
/// The longest tag that is read.
const MAX_TAG_BYTES: usize = 2048;

/// A BBCode link.
#[derive(Debug, PartialEq, Eq)]
pub struct BbLink {
    /// From the opening tag's `[` to after the closing tag's `]`, or to the opening tag's end if it is never closed.
    pub span: Span,
    /// Where it leads.
    pub address: String,
    /// What a reader sees.
    pub text: Span,
}

/// Every BBCode link, in order.
pub fn links(text: &str) -> Vec<BbLink> {
    let mut links = Vec::new();
    let mut open: Option<Open> = None;
    for (at, _) in text.match_indices('[').take(MAX_TAGS) {
        let Some(tag) = read(text, at) else { continue };
        match tag.kind {
            Kind::Start => {
                links.extend(open.take().and_then(|open| unclosed(text, &open)));
                open = Some(Open { span: tag.span, address: tag.value });
            }
            Kind::End => {
                let Some(open) = open.take() else { continue };
                let inner = (open.span.1, tag.span.0);
                let address = open.address.unwrap_or(&text[inner.0..inner.1]).trim_matches(['"', '\'', ' ']);
                links.push(BbLink { span: (open.span.0, tag.span.1), address: address.to_owned(), text: inner });
            }
        }
    }
    links.extend(open.and_then(|open| unclosed(text, &open)));
    links
}

struct Open<'t> {
    span: Span,
    address: Option<&'t str>,
}

struct BbTag<'t> {
    span: Span,
    kind: Kind,
    value: Option<&'t str>,
}

enum Kind {
    Start,
    End,
}

fn unclosed(text: &str, open: &Open<'_>) -> Option<BbLink> {
    let address = open.address?.trim_matches(['"', '\'', ' ']);
    let end = open.span.1.min(text.len());
    Some(BbLink { span: open.span, address: address.to_owned(), text: (end, end) })
}

fn read(text: &str, at: usize) -> Option<BbTag<'_>> {
    let rest = super::target::cut(&text[at + 1..], MAX_TAG_BYTES);
    let (kind, body) = rest.strip_prefix('/').map_or((Kind::Start, rest), |body| (Kind::End, body));
    let named = |name: &&str| body.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
    let name = ["url", "link", "img"].into_iter().find(named)?;
    let after = &body[name.len()..];
    // A value ends where the next tag begins: `[url=x[/url]` has no opening tag, and tags never overlap.
    let close = after.find(['[', ']']).filter(|&place| after.as_bytes()[place] == b']')?;
    if close > 0 && !after.starts_with('=') {
        return None;
    }
    let value = after[..close].strip_prefix('=');
    let end = at + 1 + (rest.len() - after.len()) + close + 1;
    Some(BbTag { span: (at, end), kind, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_with_their_places() {
        let text = "see [URL=http://a.test]this[/URL] or [url]http://b.test[/url], array[url] is none";
        let found = links(text);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].address.as_str(), &text[found[0].text.0..found[0].text.1]), ("http://a.test", "this"));
        assert_eq!(found[1].address, "http://b.test");
        assert_eq!(&text[found[0].span.0..found[0].span.1], "[URL=http://a.test]this[/URL]");
    }

    #[test]
    fn a_tag_that_is_not_closed_swallows_no_other() {
        for text in ["[url=x[/url]", "[img=[/img]", "[link=a[/link]", "see [url=http://a.co[/url]", "[/url=[url]"] {
            assert!(links(text).iter().all(|link| link.address.is_empty()), "{text}: {:?}", links(text));
        }
        let found = links("[url=http://a.test[url=http://b.test]b[/url]");
        assert_eq!(found.iter().map(|link| link.address.as_str()).collect::<Vec<_>>(), ["http://b.test"]);
    }
}
