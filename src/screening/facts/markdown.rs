//! Markdown links as CommonMark reads them: inline, by reference, automatic, and images.

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use super::Span;

/// A Markdown link.
#[derive(Debug, PartialEq, Eq)]
pub struct MdLink {
    /// The whole construct.
    pub span: Span,
    /// Where it leads.
    pub address: String,
    /// What a reader sees.
    pub text: String,
}

/// Every Markdown link, in order. `<http://…>` is left to the finder of bare links: it shows where it leads.
pub fn links(source: &str) -> Vec<MdLink> {
    if !may_hold_links(source) {
        return Vec::new();
    }
    let mut links = Vec::new();
    let mut open: Option<MdLink> = None;
    for (event, range) in Parser::new_ext(source, Options::empty()).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. })
                if !matches!(link_type, LinkType::Autolink | LinkType::Email) =>
            {
                links.extend(open.take());
                let span = (range.start, range.end);
                open = Some(MdLink { span, address: dest_url.into_string(), text: String::new() });
            }
            Event::End(TagEnd::Link | TagEnd::Image) => links.extend(open.take()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(link) = &mut open {
                    link.text.push_str(&text);
                }
            }
            _ => {}
        }
    }
    links.extend(open);
    links
}

/// Where the addresses stand that `links` name by reference: what they say is said by those links.
pub fn definitions(source: &str, links: &[MdLink]) -> Vec<Span> {
    if links.is_empty() || !source.contains("]:") {
        return Vec::new();
    }
    let parser = Parser::new_ext(source, Options::empty());
    let definitions = parser.reference_definitions().iter().map(|(_, definition)| definition);
    let named = definitions.filter(|definition| links.iter().any(|link| *link.address == *definition.dest));
    named.map(|definition| (definition.span.start, definition.span.end)).collect()
}

fn may_hold_links(source: &str) -> bool {
    source.contains("](") || source.contains("]:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_reference_and_image_links_are_read() {
        let source =
            "A [good *one*](http://a.test/x), [another][1] and ![pic](http://c.test/p.png).\n\n[1]: http://b.test\n";
        let found = links(source);
        let pairs: Vec<_> = found.iter().map(|link| (link.text.as_str(), link.address.as_str())).collect();
        assert_eq!(
            pairs,
            [("good one", "http://a.test/x"), ("another", "http://b.test"), ("pic", "http://c.test/p.png")]
        );
        assert_eq!(&source[found[0].span.0..found[0].span.1], "[good *one*](http://a.test/x)");
    }

    #[test]
    fn a_definition_belongs_to_the_links_that_name_it() {
        let source = "A [word][1].\n\n[1]: http://a.test/x\n[2]: http://b.test/y\n";
        let found = definitions(source, &links(source));
        let parts: Vec<&str> = found.iter().map(|span| source[span.0..span.1].trim()).collect();
        assert_eq!(parts, ["[1]: http://a.test/x"]);
    }

    #[test]
    fn brackets_in_code_are_no_links() {
        assert_eq!(links("`map[key](http://a.test)`"), []);
    }
}
