//! The comments as the page shows them: every word of them is text, and nobody's e-mail address is among them.

use super::form::{name_of, web_address};
use super::page::count;
use super::threads::{Node, Threads};
use super::words::Outcome;
use crate::domain::{Submission, Timestamp};
use crate::http::escape::escaped;

/// The comments, or that they cannot be shown now.
pub(super) fn comments(threads: Option<&Threads>, outcome: Option<&Outcome>) -> String {
    let title = escaped(&count(threads));
    let body = match threads {
        None => "<p class=\"notice\">The comments cannot be shown just now. Please come back in a few minutes.</p>\n"
            .to_owned(),
        // Whoever has just written needs no asking.
        Some(threads) if threads.roots.is_empty() && outcome.is_some() => String::new(),
        Some(threads) if threads.roots.is_empty() => {
            "<p class=\"quiet\">Be the first: <a href=\"#respond\">leave a reply</a>.</p>\n".to_owned()
        }
        Some(threads) => {
            let older = if threads.more { "<p class=\"quiet\">Older comments are not shown here.</p>\n" } else { "" };
            format!("{older}{}", list(&threads.roots))
        }
    };
    format!(
        "<section id=\"comments\" aria-labelledby=\"comments-title\">\n<h2 id=\"comments-title\">{title}</h2>\n{body}</section>\n"
    )
}

fn list(nodes: &[Node]) -> String {
    let items: String = nodes.iter().map(|node| format!("<li>\n{}</li>\n", item(node))).collect();
    format!("<ol class=\"thread\">\n{items}</ol>\n")
}

fn item(node: &Node) -> String {
    let Node { comment, replies } = node;
    let (id, name) = (comment.id, escaped(name_of(&comment.submission)));
    let replies = if replies.is_empty() { String::new() } else { list(replies) };
    format!(
        "<article class=\"comment\" id=\"comment-{id}\" aria-labelledby=\"by-{id}\">\n\
         <div class=\"by\"><h3 id=\"by-{id}\">{}</h3><p class=\"when\">{}</p></div>\n<div class=\"text\">\n{}</div>\n\
         <p class=\"answer\"><a href=\"demo?reply={id}#respond\" rel=\"nofollow\" aria-label=\"Reply to {name}\">Reply</a></p>\n\
         </article>\n{replies}",
        author(&comment.submission),
        moment(comment.written_at),
        text(&comment.submission.content),
    )
}

/// The author's name, which leads to their website if they gave one that is on the web.
fn author(submission: &Submission) -> String {
    let name = format!("<bdi>{}</bdi>", escaped(name_of(submission)));
    match submission.author.url.as_deref().and_then(web_address) {
        Some(url) => format!("<a href=\"{}\" rel=\"nofollow ugc noopener\">{name}</a>", escaped(url.as_str())),
        None => name,
    }
}

/// A text's paragraphs and lines.
pub(super) fn text(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(|one| format!("<p dir=\"auto\">{}</p>\n", escaped(one).replace('\n', "<br>\n"))).collect()
}

/// A moment for people and for programs.
fn moment(at: Timestamp) -> String {
    let words = jiff::Timestamp::from_millisecond(at.millis())
        .map_or_else(|_| at.to_string(), |moment| moment.strftime("%-d %B %Y, %H:%M UTC").to_string());
    format!("<time datetime=\"{at}\">{words}</time>")
}
