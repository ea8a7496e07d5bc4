//! A measurement for people: a table by source, and one by rule.

use crate::cli::table::{Column, Table};
use crate::cli::terminal::{Style, Terminal};
use crate::service::eval::{Figures, Report, RuleFigures, rounded_down};

/// The report as text.
pub(super) fn text(report: &Report, terminal: &Terminal) -> String {
    let mut text = String::new();
    for (title, lines) in [("sources", sources(report)), ("rules", rules(report))] {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&terminal.paint(Style::Bold, title));
        text.push('\n');
        lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    text.push_str(
        "\npublished: spam that was approved. disturbed: honest comments held or rejected. lost: rejected ones.\n\
         at 1 %: spam that scores above all but 1 % of the honest comments. stops, disturbs: comments that would be\n\
         approved without this rule alone. sources: in how many its spam was. us: microseconds a comment, store and reading aside.\n",
    );
    text
}

fn sources(report: &Report) -> Vec<String> {
    const NUMBERS: [&str; 12] =
        ["spam", "published", "held", "ham", "disturbed", "lost", "AUC", "at 1 %", "at 0.5 %", "us", "p99", "max"];
    let headings: Vec<Column> = [Column::Left("")].into_iter().chain(NUMBERS.map(Column::Right)).collect();
    let mut table = Table::new(headings);
    for (source, figures) in &report.sources {
        table.row(source_row(source, figures));
    }
    table.row(source_row("total", &report.total));
    table.lines()
}

fn source_row(name: &str, figures: &Figures) -> Vec<String> {
    let Figures { spam, ham, auc, caught_at_1, caught_at_0_5, us } = figures;
    let per_cent = |part: u64, all: u64| match all {
        0 => "-".to_owned(),
        _ => format!("{:.1} %", part as f64 * 100.0 / all as f64),
    };
    let share = |share: &Option<f64>| share.map_or("-".to_owned(), |share| format!("{:.1} %", rounded_down(share)));
    let micros = |time: Option<f64>| time.map_or("-".to_owned(), |time| format!("{time:.1}"));
    vec![
        name.to_owned(),
        spam.all().to_string(),
        per_cent(spam.approved, spam.all()),
        per_cent(spam.held, spam.all()),
        ham.all().to_string(),
        per_cent(ham.held + ham.rejected, ham.all()),
        per_cent(ham.rejected, ham.all()),
        auc.map_or("-".to_owned(), |auc| format!("{auc:.4}")),
        share(caught_at_1),
        share(caught_at_0_5),
        micros(us.median),
        micros(us.p99),
        micros(us.max),
    ]
}

fn rules(report: &Report) -> Vec<String> {
    const NUMBERS: [&str; 6] = ["spam", "ham", "precision", "stops", "disturbs", "sources"];
    let headings: Vec<Column> = [Column::Left("")].into_iter().chain(NUMBERS.map(Column::Right)).collect();
    let mut table = Table::new(headings);
    let mut rules: Vec<(&String, &RuleFigures)> = report.rules.iter().collect();
    rules.sort_by_key(|(id, figures)| (std::cmp::Reverse(worth(figures)), *id));
    for (id, figures) in rules {
        let precision = figures.precision.map_or("-".to_owned(), |share| format!("{:.1} %", rounded_down(share)));
        let numbers = [figures.spam, figures.ham].map(|number| number.to_string());
        let alone = [figures.only_it_stops, figures.only_it_disturbs].map(|number| number.to_string());
        let alone = alone.into_iter().chain([figures.sources_of_spam().to_string()]);
        table.row([id.clone()].into_iter().chain(numbers).chain([precision]).chain(alone));
    }
    table.lines()
}

/// What a rule is worth: first what only it stops less what only it disturbs, then what it fires on.
fn worth(figures: &RuleFigures) -> (i128, i128) {
    let less = |good: u64, bad: u64| i128::from(good) - i128::from(bad);
    (less(figures.only_it_stops, figures.only_it_disturbs), less(figures.spam, figures.ham))
}
