//! What a rule says of entries of a site's own lists.

use super::Finding;
use crate::domain::{Action, ListAction, ListName};
use crate::screening::case::Case;
use crate::screening::listed::Found;

/// The most places that are shown.
const MOST_PLACES: usize = 5;

/// What a comment has in it of one of the site's lists. The rule's own points come once, beside those of the entries.
pub fn finding(list: ListName, case: &Case<'_>) -> Option<Finding> {
    let found = case.facts.lists().find(list, case.facts);
    let first = found.first()?;
    let mut message = told(list, first);
    match found.len() - 1 {
        0 => {}
        1 => message.push_str(" One more entry of the list is found."),
        more => message.push_str(&format!(" {more} more entries of the list are found.")),
    }
    let points = found.iter().filter_map(|found| match found.action() {
        ListAction::Points(points) => Some(points),
        ListAction::Hold | ListAction::Reject | ListAction::Approve => None,
    });
    let points = points.fold(0, i32::saturating_add);
    let listed = found.iter().filter_map(|found| match found.action() {
        ListAction::Hold => Some(Action::Hold),
        ListAction::Reject => Some(Action::Reject),
        ListAction::Approve => Some(Action::Approve),
        ListAction::Points(_) => None,
    });
    let listed = listed.max();
    let evidence = found.into_iter().filter_map(|found| found.evidence).take(MOST_PLACES).collect();
    Some(Finding { points, listed, ..Finding::new(message, evidence) })
}

/// What was found, in a sentence. An address is not said: a verdict is kept longer than the comment's own.
fn told(list: ListName, found: &Found<'_>) -> String {
    let excerpt = found.evidence.as_ref().map_or("", |evidence| &evidence.excerpt);
    let what = match list {
        ListName::Phrases => format!("It contains \"{excerpt}\", which is"),
        ListName::Domains => format!("It leads to a domain (\"{excerpt}\") that is"),
        ListName::Addresses => "It comes from an address that is".to_owned(),
        ListName::Mails => "Its author's e-mail address is".to_owned(),
    };
    let (action, id) = (found.action(), found.id());
    let unit = if matches!(action, ListAction::Points(_)) { " points" } else { "" };
    let note = found.note().map(|note| format!(", \"{note}\"")).unwrap_or_default();
    format!("{what} in the site's list of {}: {action}{unit} (entry {id}{note}).", list.as_str())
}
