//! The page: a post, what came of the reader's comment, the comments, and the form.

use super::respond::{Reply, respond};
use super::talk::comments;
use super::threads::Threads;
use super::words::Outcome;
use crate::http::escape::escaped;

/// The post's id on the demo's blog.
pub const POST_ID: &str = "keep-the-comments";

/// The post's title.
pub(super) const TITLE: &str = "Keep the comments";

/// The post itself: HTML of our own.
const POST: &str = include_str!("post.html");

pub(super) const STYLE: &str = include_str!("style.css");
pub(super) const SCRIPT: &str = include_str!("script.js");

/// Everything that a visit is shown.
pub(super) struct Page {
    /// Where the outside reaches the page, if somebody has said so.
    pub address: Option<String>,
    /// The comments; `None` while they cannot be read.
    pub threads: Option<Threads>,
    /// What came of the visitor's comment, with the token that it goes by.
    pub outcome: Option<(Outcome, String)>,
    /// The form as it stands.
    pub reply: Reply,
}

impl Page {
    /// The page as HTML.
    pub fn render(&self) -> String {
        let mut main = format!(
            "<article class=\"post\" aria-labelledby=\"title\">\n<header>\n<h1 id=\"title\">{TITLE}</h1>\n\
             <p class=\"about\">By the people of this blog · <a href=\"#comments\">{}</a> · <a href=\"#respond\">Leave a reply</a></p>\n\
             </header>\n{POST}</article>\n",
            escaped(&count(self.threads.as_ref()))
        );
        if let Some((outcome, token)) = &self.outcome {
            main += &told(outcome, token);
        }
        main += &comments(self.threads.as_ref(), self.outcome.as_ref().map(|(outcome, _)| outcome));
        main += &respond(&self.reply);
        frame(TITLE, self.address.as_deref(), &main)
    }
}

/// A page that says one thing.
pub(super) fn notice(title: &str, paragraphs: &[&str]) -> String {
    let paragraphs: String = paragraphs.iter().map(|text| format!("<p>{text}</p>\n")).collect();
    let title_html = escaped(title);
    let main = format!(
        "<section class=\"outcome waiting\" aria-labelledby=\"title\">\n<h1 id=\"title\">{title_html}</h1>\n{paragraphs}</section>\n"
    );
    frame(title, None, &main)
}

fn frame(title: &str, address: Option<&str>, main: &str) -> String {
    let title = escaped(title);
    let canonical = address.map(|address| format!("<link rel=\"canonical\" href=\"{}\">\n", escaped(address)));
    let canonical = canonical.unwrap_or_default();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n{canonical}\
         <title>{title} · The Open Margin</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the content</a>\n\
         <header class=\"site\">\n<p class=\"name\">The Open Margin</p>\n<p class=\"line\">A blog about what readers write</p>\n</header>\n\
         <main id=\"main\" tabindex=\"-1\">\n{main}</main>\n\
         <footer>\n<p>This is the demo page of Moderato: its comments are those of the site <code>demo</code>, and what waits for \
         approval waits in the queue of that site. <a href=\"docs\">How to call the service</a></p>\n</footer>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

/// What came of the visitor's comment. What may still change carries the address to ask at.
fn told(outcome: &Outcome, token: &str) -> String {
    let Outcome { tone, title, text, is_open } = *outcome;
    let ask = if is_open { format!(" data-ask=\"v1/status/{}\"", escaped(token)) } else { String::new() };
    format!(
        "<section id=\"outcome\" class=\"outcome {tone}\" tabindex=\"-1\" aria-labelledby=\"outcome-title\"{ask}>\n\
         <h2 id=\"outcome-title\">{}</h2>\n<p id=\"outcome-text\">{}</p>\n<div id=\"news\" role=\"status\"></div>\n</section>\n",
        escaped(title),
        escaped(text)
    )
}

/// How many comments there are, in words; of more than are shown, how many are.
pub(super) fn count(threads: Option<&Threads>) -> String {
    match threads.map(|threads| (threads.count(), threads.more)) {
        None => "Comments".to_owned(),
        Some((0, _)) => "No comments yet".to_owned(),
        Some((1, false)) => "1 comment".to_owned(),
        Some((1, true)) => "The newest comment".to_owned(),
        Some((many, false)) => format!("{many} comments"),
        Some((many, true)) => format!("The newest {many} comments"),
    }
}
