//! A verdict in words: what, where, why, how it adds up, and what would change it.

use std::fmt::Write;

use super::excerpt::{Mark, excerpt};
use crate::cli::terminal::{Style, Terminal, safe, width};
use crate::domain::{Action, DecidedBy, Field, Group, Hit, HitMode, Submission, Verdict};

/// The explanation of a verdict on a submission, ready to be printed.
pub(super) fn explain(submission: &Submission, verdict: &Verdict, terminal: &Terminal) -> String {
    let explanation = Explanation { submission, verdict, terminal };
    let mut text = explanation.outcome();
    for part in [explanation.places(), explanation.reasons(), explanation.sum(), explanation.changes()] {
        if !part.is_empty() {
            text.push('\n');
            text.push_str(&part);
        }
    }
    text
}

struct Explanation<'a> {
    submission: &'a Submission,
    verdict: &'a Verdict,
    terminal: &'a Terminal,
}

impl Explanation<'_> {
    /// The verdict in one line.
    fn outcome(&self) -> String {
        let (word, style) = match self.verdict.action {
            Action::Approve => ("APPROVE", Style::Good),
            Action::Hold => ("HOLD", Style::Doubtful),
            Action::Reject => ("REJECT", Style::Bad),
        };
        let blatant = if self.verdict.blatant { ", blatantly" } else { "" };
        format!("{}{blatant}  {}\n", self.terminal.paint(style, word), self.because())
    }

    fn because(&self) -> String {
        let Verdict { score, thresholds, action, .. } = self.verdict;
        match self.verdict.decided_by {
            DecidedBy::Role => "because of what the author is to the blog, whatever the score".to_owned(),
            DecidedBy::List => "by the site's own lists, whatever the score".to_owned(),
            DecidedBy::Certain => "by a rule that is certain, whatever the score".to_owned(),
            DecidedBy::Kind => format!("because of its kind, {}", self.submission.kind),
            DecidedBy::Post => "because of how the post may be commented on".to_owned(),
            DecidedBy::Unavailable => "because a rule could not be run".to_owned(),
            DecidedBy::Budget => "because it is more work than a comment may be".to_owned(),
            DecidedBy::Rate => "because it came faster than the limits allow".to_owned(),
            DecidedBy::FirstComment => {
                format!(
                    "first comment of this author; its score {score} alone (held from {}) would pass",
                    thresholds.hold_at
                )
            }
            DecidedBy::Score => match action {
                Action::Approve => format!("score {score}, held from {}", thresholds.hold_at),
                Action::Hold if *score >= thresholds.reject_at => {
                    format!("score {score}; rejected from {} only if two groups of rules speak", thresholds.reject_at)
                }
                Action::Hold => format!("score {score}, held from {}", thresholds.hold_at),
                Action::Reject => format!("score {score}, rejected from {}", thresholds.reject_at),
            },
        }
    }

    /// The text, and the other fields that rules point at, with the places marked.
    fn places(&self) -> String {
        const FIELDS: [Field; 5] =
            [Field::Content, Field::AuthorName, Field::AuthorEmail, Field::AuthorUrl, Field::Honeypot];
        let mut text = String::new();
        for field in FIELDS {
            let marks = self.marks(field);
            if marks.is_empty() && field != Field::Content {
                continue;
            }
            text.push_str(&self.heading(field.as_str()));
            let lines = excerpt(self.text_of(field), &marks, self.terminal);
            if lines.is_empty() {
                text.push_str("  (empty)\n");
            }
            lines.iter().for_each(|line| push_line(&mut text, format_args!("  {line}")));
        }
        text
    }

    fn marks(&self, field: Field) -> Vec<Mark> {
        let hits = self.verdict.hits.iter().enumerate();
        let of_hit = |(index, hit): (usize, &Hit)| {
            let here: Vec<Mark> = hit
                .evidence
                .iter()
                .filter(|evidence| evidence.field == field)
                .map(|evidence| Mark { span: evidence.span, number: index + 1 })
                .collect();
            here
        };
        hits.flat_map(of_hit).collect()
    }

    fn text_of(&self, field: Field) -> &str {
        let Submission { author, form, content, .. } = self.submission;
        match field {
            Field::Content => content,
            Field::AuthorName => author.name.as_deref().unwrap_or_default(),
            Field::AuthorEmail => author.email.as_deref().unwrap_or_default(),
            Field::AuthorUrl => author.url.as_deref().unwrap_or_default(),
            Field::Honeypot => form.honeypot.as_deref().unwrap_or_default(),
        }
    }

    /// Each hit with its points.
    fn reasons(&self) -> String {
        let hits = &self.verdict.hits;
        if hits.is_empty() {
            return "No rule fired.\n".to_owned();
        }
        let digits = hits.len().to_string().len();
        let widest = hits.iter().map(|hit| width(hit.rule.as_str())).max().unwrap_or(0);
        let mut text = self.heading("why");
        for (index, hit) in hits.iter().enumerate() {
            let points = match hit.mode {
                HitMode::On => format!("{:+}", hit.points),
                HitMode::Shadow => "shadow".to_owned(),
            };
            let rule = format!("{:widest$}", safe(hit.rule.as_str()));
            let (number, group) = (index + 1, hit.group.as_str());
            let message = safe(&hit.message);
            push_line(&mut text, format_args!("  {number:>digits$}  {points:>6}  {group:<7}  {rule}  {message}"));
        }
        text
    }

    /// How the groups add up to the score.
    fn sum(&self) -> String {
        if self.verdict.hits.is_empty() {
            return String::new();
        }
        let mut text = self.heading("score");
        for group in Group::ALL {
            let Some(sum) = self.verdict.groups.get(&group).filter(|sum| sum.raw != 0 || sum.counted != 0) else {
                continue;
            };
            let capped = match sum.raw == sum.counted {
                true => String::new(),
                false => format!("  (of {:+}: no group counts for more)", sum.raw),
            };
            push_line(&mut text, format_args!("  {:<7}  {:>+5}{capped}", group.as_str(), sum.counted));
        }
        let Verdict { score, thresholds, .. } = self.verdict;
        let limits = format!(
            "hold at {}, reject at {}, blatant at {}",
            thresholds.hold_at, thresholds.reject_at, thresholds.blatant_at
        );
        push_line(&mut text, format_args!("  {:<7}  {score:>5}  ({limits})", "sum"));
        text
    }

    /// What would change the outcome.
    fn changes(&self) -> String {
        let Verdict { score, thresholds, action, decided_by, would_pass_without, .. } = self.verdict;
        let mut ways: Vec<String> = Vec::new();
        for set in would_pass_without.iter().filter(|set| !set.is_empty()) {
            let rules: Vec<&str> = set.iter().map(|rule| rule.as_str()).collect();
            ways.push(format!("without {} the rules would let it pass", safe(&rules.join(" and "))));
        }
        match decided_by {
            DecidedBy::FirstComment => {
                ways.push("once a person has approved a comment of this author, the score decides".to_owned());
                ways.push("policy.first_comment = \"screen\" lets the score decide at once".to_owned());
            }
            DecidedBy::Score if *action == Action::Approve => {
                ways.push(format!("{} more would hold it", points(thresholds.hold_at.saturating_sub(*score))));
            }
            DecidedBy::Score if *action == Action::Hold && *score < thresholds.reject_at => {
                let more = thresholds.reject_at.saturating_sub(*score);
                let speaking = self.verdict.groups.values().filter(|sum| sum.counted > 0).count();
                let also = if speaking < 2 { ", and a second group of rules," } else { "" };
                ways.push(format!("{} more{also} would reject it", points(more)));
            }
            _ => {}
        }
        if ways.is_empty() {
            return String::new();
        }
        let mut text = self.heading("what would change it");
        ways.iter().for_each(|way| push_line(&mut text, format_args!("  {way}")));
        text
    }

    fn heading(&self, text: &str) -> String {
        format!("{}\n", self.terminal.paint(Style::Bold, text))
    }
}

fn points(number: i32) -> String {
    if number == 1 { "1 point".to_owned() } else { format!("{number} points") }
}

/// Adds a line, without trailing blanks. Writing to a string cannot fail.
fn push_line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let kept = text.len();
    let _ = write!(text, "{line}");
    text.truncate(kept + text[kept..].trim_end().len());
    text.push('\n');
}
