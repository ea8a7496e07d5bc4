//! The form "Leave a Reply", with what is wrong beside the fields and everything that was typed still in it.

use super::form::{COMMENT_CHARACTERS, Faults, Field, Form, name_of};
use super::talk::text;
use crate::domain::Comment;
use crate::http::escape::escaped;

/// The form as it stands.
#[derive(Default)]
pub(super) struct Reply {
    /// What is in it; its stamp is the one of this delivery.
    pub form: Form,
    /// The comment that is answered.
    pub answers: Option<Comment>,
    /// What is wrong with the fields.
    pub faults: Faults,
    /// Why it was not taken, if not for its fields.
    pub refusal: Option<String>,
}

/// The form.
pub(super) fn respond(reply: &Reply) -> String {
    let Reply { form, answers, faults, refusal: _ } = reply;
    let title = match answers {
        Some(comment) => format!("Reply to <bdi>{}</bdi>", escaped(name_of(&comment.submission))),
        None => "Leave a Reply".to_owned(),
    };
    let one = |field| one_line(field, form, faults);
    format!(
        "<section id=\"respond\" aria-labelledby=\"respond-title\">\n<h2 id=\"respond-title\">{title}</h2>\n{}{}\
         <form action=\"demo\" method=\"post\" novalidate id=\"form\">\n\
         <p class=\"quiet\">Fields with <span class=\"star\" aria-hidden=\"true\">*</span>\
         <span class=\"unseen\">a star</span> are needed.</p>\n{}{}{}{}{}\
         <p class=\"remember\" hidden><input type=\"checkbox\" id=\"remember\"> <label for=\"remember\">Save my name, e-mail and website in this browser</label></p>\n\
         <input type=\"hidden\" name=\"parent\" value=\"{}\">\n<input type=\"hidden\" name=\"stamp\" value=\"{}\">\n\
         <p class=\"send\"><button type=\"submit\">Post comment</button> <span id=\"sending\" role=\"status\"></span></p>\n</form>\n</section>\n",
        summary(reply),
        answers.as_ref().map_or_else(String::new, answered),
        comment_box(form, faults),
        one(Field::Name),
        one(Field::Email),
        one(Field::Url),
        trap(&form.topic),
        escaped(&form.parent),
        escaped(&form.stamp),
    )
}

/// What stands in the way, where the reader's attention is led first, with script or without.
fn summary(reply: &Reply) -> String {
    let (title, body) = match (&reply.refusal, reply.faults.as_slice()) {
        (Some(refusal), _) => ("Your comment was not taken yet", format!("<p>{}</p>\n", escaped(refusal))),
        (None, []) => return String::new(),
        (None, faults) => {
            let item = |(field, fault): &(Field, String)| {
                format!("<li><a href=\"#{}\">{}</a></li>\n", field.name(), escaped(fault))
            };
            ("Please look at this again", format!("<ul>\n{}</ul>\n", faults.iter().map(item).collect::<String>()))
        }
    };
    format!(
        "<div id=\"summary\" class=\"outcome bad\" role=\"alert\" tabindex=\"-1\" autofocus>\n<h3>{title}</h3>\n{body}</div>\n"
    )
}

/// The comment that is answered, and the way back.
fn answered(comment: &Comment) -> String {
    format!(
        "<div class=\"answered\">\n<blockquote>\n{}</blockquote>\n<p><a href=\"demo#respond\">Cancel reply</a></p>\n</div>\n",
        text(&comment.submission.content)
    )
}

fn comment_box(form: &Form, faults: &Faults) -> String {
    let (marks, fault) = marks(Field::Comment, faults, "count");
    format!(
        "<p class=\"field\"><label for=\"comment\">Comment{STAR}</label>\n\
         <textarea id=\"comment\" name=\"comment\" rows=\"7\" required data-most=\"{COMMENT_CHARACTERS}\"{marks}>\n{}</textarea>\n\
         <span id=\"count\" class=\"hint\"></span>{fault}<span id=\"count-news\" class=\"unseen\" role=\"status\"></span></p>\n",
        escaped(&form.comment)
    )
}

fn one_line(field: Field, form: &Form, faults: &Faults) -> String {
    let (label, value, kind, hint) = match field {
        Field::Name => ("Name", &form.name, "type=\"text\" autocomplete=\"name\"", ""),
        Field::Email => ("E-mail", &form.email, "type=\"email\" autocomplete=\"email\"", "It will not be published."),
        Field::Url => ("Website", &form.url, "type=\"url\" autocomplete=\"url\"", ""),
        Field::Comment => return comment_box(form, faults),
    };
    let name = field.name();
    let (star, required) = if field == Field::Url { ("", "") } else { (STAR, " required") };
    let hint_id = format!("{name}-hint");
    let (marks, fault) = marks(field, faults, if hint.is_empty() { "" } else { &hint_id });
    let hint =
        if hint.is_empty() { String::new() } else { format!("<span id=\"{hint_id}\" class=\"hint\">{hint}</span>") };
    format!(
        "<p class=\"field\"><label for=\"{name}\">{label}{star}</label>\n\
         <input id=\"{name}\" name=\"{name}\" {kind} value=\"{}\"{required}{marks}>\n{hint}{fault}</p>\n",
        escaped(value)
    )
}

const STAR: &str = " <span class=\"star\" aria-hidden=\"true\">*</span>";

/// A field's marks for assistive technology, and its fault as it stands below it.
fn marks(field: Field, faults: &Faults, described_by: &str) -> (String, String) {
    let id = format!("{}-fault", field.name());
    let found = faults.iter().find(|(at, _)| *at == field).map(|(_, fault)| fault);
    let described: Vec<&str> =
        found.map(|_| id.as_str()).into_iter().chain([described_by]).filter(|id| !id.is_empty()).collect();
    let mut marks = String::new();
    if found.is_some() {
        marks += " aria-invalid=\"true\"";
    }
    if !described.is_empty() {
        marks += &format!(" aria-describedby=\"{}\"", described.join(" "));
    }
    let fault = found.map(|fault| format!("<span id=\"{id}\" class=\"fault\">{}</span>", escaped(fault)));
    (marks, fault.unwrap_or_default())
}

/// The field that people do not see: programs fill in everything.
fn trap(value: &str) -> String {
    format!(
        "<div class=\"trap\" aria-hidden=\"true\"><label for=\"topic\">Leave this empty</label>\
         <input id=\"topic\" name=\"topic\" type=\"text\" tabindex=\"-1\" autocomplete=\"off\" value=\"{}\"></div>\n",
        escaped(value)
    )
}

impl Field {
    /// Its name in the form, and its id on the page.
    pub fn name(self) -> &'static str {
        match self {
            Field::Comment => "comment",
            Field::Name => "name",
            Field::Email => "email",
            Field::Url => "url",
        }
    }
}
