//! Text as HTML: escaped, as code, and from Markdown.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use crate::http::escape::escaped;

/// A word of the machine's.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// Lines of code in a box that scrolls by itself, also by keyboard.
pub(super) fn block(name: &str, text: &str) -> String {
    let (name, text) = (escaped(name), escaped(text));
    format!("<pre tabindex=\"0\" role=\"region\" aria-label=\"{name}\"><code>{text}</code></pre>\n")
}

/// A table in a box that scrolls by itself; the rows are HTML, the name and the heads are text.
pub(super) fn table(name: &str, heads: &[&str], rows: &str) -> String {
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{}</th>", escaped(head))).collect();
    let name = escaped(name);
    format!(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\"><table>\
         <thead><tr>{heads}</tr></thead><tbody>\n{rows}</tbody></table></div>\n"
    )
}

/// Markdown as paragraphs.
pub(super) fn prose(markdown: &str) -> String {
    let mut out = String::new();
    html::push_html(&mut out, safe(markdown));
    out
}

/// Markdown as one line: what would be paragraphs runs together.
pub(super) fn line(markdown: &str) -> String {
    let mut out = String::new();
    let is_frame = |event: &Event<'_>| matches!(event, Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph));
    html::push_html(&mut out, safe(markdown).filter(|event| !is_frame(event)));
    out.trim().to_owned()
}

/// The Markdown without what could load something or bring markup of its own: HTML is text, and of an image its words stay.
fn safe(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    let harmless = |event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Image { .. } | Tag::HtmlBlock) | Event::End(TagEnd::Image | TagEnd::HtmlBlock) => None,
        other => Some(other),
    };
    Parser::new_ext(markdown, Options::empty()).filter_map(harmless)
}

#[cfg(test)]
mod tests {
    use super::{block, code, line, prose};

    #[test]
    fn nothing_in_a_text_becomes_markup() {
        assert_eq!(code("<a href='x'>&\"</a>"), "<code>&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;</code>");
        assert!(block("\"><script>", "</pre><script>").find("<script").is_none());
        for hostile in ["<script>alert(1)</script>", "a <b onclick=x>b</b>", "![seen](http://a.example/p.png)"] {
            let page = prose(hostile) + &line(hostile);
            assert!(!["<script", "<b ", "<img"].iter().any(|mark| page.contains(mark)), "{page}");
        }
        assert!(prose("![seen](http://a.example/p.png)").contains("seen"));
    }
}
