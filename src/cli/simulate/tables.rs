//! A simulation for people: both policies against the decisions, and what would be treated otherwise, with the reasons.

use crate::cli::table::{Column, Table};
use crate::cli::terminal::{Style, Terminal};
use crate::domain::SiteId;
use crate::service::simulate::{Actions, Because, Confusion, Example, Judged, Simulated};

/// A simulation as text.
pub(super) fn text(site: &SiteId, simulated: &Simulated, terminal: &Terminal) -> String {
    let mut text = format!("{}\n", heading(site, simulated));
    let mut section = |title: String, lines: Vec<String>| {
        text.push_str(&format!("\n{}\n", terminal.paint(Style::Bold, &title)));
        lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    };
    let Simulated { now, draft, flips, by_change, examples, .. } = simulated;
    section(format!("policy in force ({})", now.policy_version), confusion(now));
    section(format!("draft ({})", draft.policy_version), confusion(draft));
    section("difference".to_owned(), difference(now, draft));
    if flips.is_empty() {
        section("what the draft would treat otherwise".to_owned(), vec!["nothing".to_owned()]);
    } else {
        section("what the draft would treat otherwise".to_owned(), otherwise(simulated));
        section("because of".to_owned(), reasons(simulated));
    }
    if !examples.is_empty() {
        let flipped: u64 = flips.values().map(|by| by.all()).sum();
        section(format!("{} of these {flipped} comments", examples.len()), named(examples));
    }
    text.push_str(
        "\napproved, spam, other: what people decided; other is what they rejected for another reason than spam.\n\
         published: spam that is approved. disturbed: approved comments that are held or rejected. lost: rejected ones.\n",
    );
    if !by_change.is_empty() {
        text.push_str(
            "because of: without that part of the draft these comments would not be treated so; several may be needed for one.\n\
             better, worse: nearer to what people decided, farther from it.\n",
        );
    }
    text
}

fn heading(site: &SiteId, simulated: &Simulated) -> String {
    let Simulated { comments, replayed, screened_again, skipped, not_simulated, took_ms, .. } = simulated;
    let mut told = match comments {
        0 => format!("Site {site}: nobody has decided a comment."),
        _ => format!(
            "Site {site}: the last {comments} decided comments, in {took_ms} ms ({replayed} from their numbers, {screened_again} screened again)."
        ),
    };
    if skipped.address_cut > 0 {
        told.push_str(&format!(
            "\n{} more are left out: of their addresses only the network is kept.",
            skipped.address_cut
        ));
    }
    if skipped.damaged > 0 {
        told.push_str(&format!("\n{} records are damaged and left out.", skipped.damaged));
    }
    if !not_simulated.is_empty() {
        told.push_str(&format!("\nKept comments tell nothing of what these do: {}.", not_simulated.join(", ")));
    }
    told
}

fn confusion(confusion: &Confusion) -> Vec<String> {
    let columns = [Column::Left("people said"), Column::Right("comments"), Column::Right("approve")];
    let columns: Vec<Column> = columns.into_iter().chain(["hold", "reject"].map(Column::Right)).collect();
    let mut table = Table::new(columns);
    let rows = [("approved", confusion.approved), ("spam", confusion.spam), ("other", confusion.other)];
    for (name, Actions { approve, hold, reject }) in rows {
        let numbers = [approve + hold + reject, approve, hold, reject].map(|number| number.to_string());
        table.row([name.to_owned()].into_iter().chain(numbers));
    }
    table.lines()
}

fn difference(now: &Confusion, draft: &Confusion) -> Vec<String> {
    let headings = [Column::Left(""), Column::Right("now"), Column::Right("draft"), Column::Right("change")];
    let mut table = Table::new(headings);
    let rows = [
        ("published", now.published, draft.published),
        ("disturbed", now.disturbed, draft.disturbed),
        ("lost", now.lost, draft.lost),
    ];
    for (name, now, draft) in rows {
        let change = i128::from(draft) - i128::from(now);
        let change = if change == 0 { "0".to_owned() } else { format!("{change:+}") };
        table.row([name.to_owned(), now.to_string(), draft.to_string(), change]);
    }
    table.lines()
}

fn otherwise(simulated: &Simulated) -> Vec<String> {
    let headings = ["comments", "approved", "spam", "other"].map(Column::Right);
    let mut table = Table::new([Column::Left("")].into_iter().chain(headings).collect::<Vec<_>>());
    for (flip, by) in &simulated.flips {
        let numbers = [by.all(), by.approved, by.spam, by.other].map(|number| number.to_string());
        table.row([flip.replace("->", " -> ")].into_iter().chain(numbers));
    }
    table.lines()
}

fn reasons(simulated: &Simulated) -> Vec<String> {
    let headings = ["comments", "better", "worse"].map(Column::Right);
    let mut table = Table::new([Column::Left("")].into_iter().chain(headings).collect::<Vec<_>>());
    for change in &simulated.by_change {
        let numbers = [change.flips, change.better, change.worse].map(|number| number.to_string());
        table.row([change.key.clone()].into_iter().chain(numbers));
    }
    table.lines()
}

fn named(examples: &[Example]) -> Vec<String> {
    let headings = ["comment", "people said", "now", "draft", "because of"];
    let mut table = Table::new(headings.map(Column::Left));
    for Example { id, external_id, decided, now, draft, because } in examples {
        let external_id = external_id.as_ref().map(|id| format!(" ({})", id.as_name())).unwrap_or_default();
        let because: Vec<String> = because.iter().map(reason).collect();
        let cells = [format!("{id}{external_id}"), decided.as_str().to_owned(), judged(now), judged(draft)];
        table.row(cells.into_iter().chain([because.join(", ")]));
    }
    table.lines()
}

fn judged(Judged { action, score, decided_by }: &Judged) -> String {
    format!("{} by {} at {score}", action.as_str(), decided_by.as_str())
}

fn reason(Because { key, now, draft }: &Because) -> String {
    match (now, draft) {
        (Some(now), Some(draft)) if now != draft => format!("{key} ({now:+} now, {draft:+} then)"),
        _ => key.clone(),
    }
}
