//! The links of a comment, from every syntax, and what of its text is markup.

use super::bare::{self, Bare};
use super::bbcode;
use super::entities;
use super::fold::{Hidden, Shows};
use super::html::{self, Mark, MarkRole};
use super::markdown;
use super::target::Target;
use super::{Span, Work};

/// A link of a comment.
#[derive(Clone, Debug)]
pub struct Link {
    /// How it is written.
    pub syntax: Syntax,
    /// The whole of it in the content, markup included.
    pub span: Span,
    /// The address as written, entities decoded.
    pub address: String,
    /// What a reader sees of it, where markup lets that differ from the address.
    pub text: Option<String>,
    /// Where it leads.
    pub target: Target,
    /// Where the page that it leads to sends its readers on, if the address names that in a parameter.
    pub unwrapped: Option<Target>,
    /// Whose page it leads to.
    pub side: Side,
}

impl Link {
    /// Who owns the page that readers end up on.
    pub fn owner(&self) -> &str {
        &self.unwrapped.as_ref().unwrap_or(&self.target).owner
    }

    /// Whether its readers end up with another owner than the one it names.
    pub fn leads_on(&self) -> bool {
        self.owner() != self.target.owner
    }
}

/// How a link is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Syntax {
    /// The address itself.
    Bare,
    /// An HTML element.
    Html,
    /// Markdown.
    Markdown,
    /// BBCode.
    Bbcode,
}

impl Syntax {
    /// The value's word in reports and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Syntax::Bare => "bare",
            Syntax::Html => "HTML",
            Syntax::Markdown => "Markdown",
            Syntax::Bbcode => "BBCode",
        }
    }
}

/// Whose page a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The site's own, or one in the reader's own network: never held against anybody.
    Own,
    /// Anybody else's.
    Foreign,
}

/// Everything that reading the markup and the addresses of a content yields.
#[derive(Debug, Default)]
pub struct Reading {
    /// The links, by their place.
    pub links: Vec<Link>,
    /// E-mail addresses.
    pub mails: Vec<Span>,
    /// What a reader sees otherwise than it is written: tags, comments, addresses behind texts; sorted.
    pub hidden: Vec<Hidden>,
    /// What it cost.
    pub work: Work,
}

/// Reads a content; `side` says whose a host's owner is.
pub fn read(content: &str, side: impl Fn(&str) -> Side) -> Reading {
    let mut reading = Reading::default();
    let mut covered = Vec::new();
    html(content, &mut reading, &mut covered);
    for link in bbcode::links(content) {
        let text = content[link.text.0..link.text.1].to_owned();
        let around = [(link.span.0, link.text.0), (link.text.1, link.span.1)];
        reading.hidden.extend(around.map(|span| Hidden { span, shows: Shows::Nothing }));
        covered.push(link.span);
        push(&mut reading, Syntax::Bbcode, link.span, (link.address, Some(text)));
    }
    covered.sort_unstable();
    let explained = covered.clone();
    let written = markdown::links(content);
    for span in markdown::definitions(content, &written) {
        reading.hidden.push(Hidden { span, shows: Shows::Space });
        covered.push(span);
    }
    for link in written {
        let before = explained.partition_point(|span| span.0 <= link.span.0);
        let is_within = |span: &Span| link.span.1 <= span.1;
        if explained[before.saturating_sub(8)..before].iter().any(is_within) {
            continue;
        }
        let behind = behind_text(content, &link);
        reading.hidden.extend(behind.map(|span| Hidden { span, shows: Shows::Nothing }));
        covered.push(link.span);
        push(&mut reading, Syntax::Markdown, link.span, (link.address, Some(link.text)));
    }
    reading.hidden.sort_unstable_by_key(|part| part.span);
    covered.sort_unstable();
    let Bare { links, mails } = bare::find(content, &covered, &mut reading.work);
    for (span, target) in links {
        let address = content[span.0..span.1].to_owned();
        reading.links.push(Link {
            syntax: Syntax::Bare,
            span,
            address,
            text: None,
            target,
            unwrapped: None,
            side: Side::Foreign,
        });
    }
    reading.mails.extend(mails);
    reading.links.sort_by_key(|link| link.span);
    for link in &mut reading.links {
        link.unwrapped = link.target.unwrapped();
        link.side = if link.target.is_local { Side::Own } else { side(link.owner()) };
    }
    reading
}

fn push(reading: &mut Reading, syntax: Syntax, span: Span, (address, text): (String, Option<String>)) {
    if let Some(mail) = address.strip_prefix("mailto:") {
        reading.mails.extend((!mail.is_empty()).then_some(span));
    } else if reading.work.spend_link()
        && let Some(target) = absolute(&address)
    {
        reading.links.push(Link { syntax, span, address, text, target, unwrapped: None, side: Side::Foreign });
    }
}

/// The target of an address in markup; one without a host is on the page's own site.
fn absolute(address: &str) -> Option<Target> {
    let address = address.trim();
    let has_host = address.contains("//") || address.starts_with("www.") || address.contains(":\\\\");
    let named = || address.split(['/', '?', '#']).next().is_some_and(|host| host.contains('.'));
    (has_host || (!address.starts_with(['/', '#', '.', '?']) && named())).then(|| Target::of(address))?
}

fn html(content: &str, reading: &mut Reading, covered: &mut Vec<Span>) {
    let marks = html::marks(content);
    if !marks.is_empty() {
        reading.hidden.extend(entities::references(content));
    }
    if marks.len() >= html::MAX_TAGS {
        reading.work.exceed();
    }
    let mut open: Option<(usize, String)> = None;
    for (index, mark) in marks.iter().enumerate() {
        let shows = if mark.role == MarkRole::Break { Shows::Space } else { Shows::Nothing };
        reading.hidden.push(Hidden { span: mark.span, shows });
        covered.push(mark.span);
        match &mark.role {
            MarkRole::LinkStart(address) => {
                if let Some((begun, address)) = open.take() {
                    close(content, &marks[begun..index], address, reading);
                }
                open = Some((index, address.clone()));
            }
            MarkRole::LinkEnd => {
                if let Some((begun, address)) = open.take() {
                    covered.push((marks[begun].span.0, mark.span.1));
                    close(content, &marks[begun..=index], address, reading);
                }
            }
            MarkRole::Embedded(address) => push(reading, Syntax::Html, mark.span, (address.clone(), None)),
            MarkRole::Break | MarkRole::Other => {}
        }
    }
    if let Some((begun, address)) = open {
        close(content, &marks[begun..=begun], address, reading);
    }
}

/// Ends an HTML link: its text is what stands between its tags, if anybody sees it.
fn close(content: &str, marks: &[Mark], address: String, reading: &mut Reading) {
    let (Some(first), Some(last)) = (marks.first(), marks.last()) else { return };
    let seen = if first.is_veiled { &[] } else { marks };
    let parts = seen.windows(2).map(|pair| &content[pair[0].span.1..pair[1].span.0]);
    let text: String = parts.collect::<Vec<_>>().concat();
    push(reading, Syntax::Html, (first.span.0, last.span.1), (address, Some(text)));
}

/// The part of an inline Markdown link that a reader does not see.
fn behind_text(content: &str, link: &markdown::MdLink) -> Option<Span> {
    let whole = &content[link.span.0..link.span.1];
    whole.rfind("](").map(|offset| (link.span.0 + offset, link.span.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_every_syntax_are_found_once_and_in_order() {
        let content = "<a href=\"http://a.test/1\">http://a.test/1</a> [url=b.test/2]two[/url] [three](http://c.test) http://d.test/4";
        let reading = read(content, |_| Side::Foreign);
        let found: Vec<_> = reading.links.iter().map(|link| (link.syntax, link.target.host.as_str())).collect();
        assert_eq!(
            found,
            [
                (Syntax::Html, "a.test"),
                (Syntax::Bbcode, "b.test"),
                (Syntax::Markdown, "c.test"),
                (Syntax::Bare, "d.test"),
            ]
        );
        assert_eq!(reading.links[0].text.as_deref(), Some("http://a.test/1"));
    }

    #[test]
    fn links_within_the_page_and_mail_links_are_no_web_links() {
        let reading =
            read("<a href=\"#top\">x</a> <a href=/about>y</a> <a href=mailto:a@b.test>z</a>", |_| Side::Foreign);
        assert_eq!((reading.links.len(), reading.mails.len()), (0, 1));
    }
}
