//! The table: what each fault did, measured against its bar, and that its control run fails.

use std::time::{Duration, Instant};

use super::account::{Account, hold_to_account};
use super::load::Load;

/// How often each fault is done.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub kills: usize,
    pub restarts: usize,
    /// Seconds.
    pub freezes: &'static [u64],
    pub zombies: usize,
    pub planned: usize,
    pub lost_replies: u64,
    /// How long scripts are flushed, in seconds.
    pub flushing: u64,
    pub power_cuts: usize,
}

/// As the published table has it.
pub const FULL: Scale = Scale {
    kills: 100,
    restarts: 20,
    freezes: &[1, 5, 30],
    zombies: 10,
    planned: 3,
    lost_replies: 1000,
    flushing: 20,
    power_cuts: 10,
};

/// As every run of the tests has it.
pub const SMALL: Scale = Scale {
    kills: 4,
    restarts: 3,
    freezes: &[1],
    zombies: 1,
    planned: 1,
    lost_replies: 40,
    flushing: 2,
    power_cuts: 1,
};

/// Whether a row is to meet its bar, or to show that the test sees what it looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Run,
    Control,
}

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    pub name: String,
    pub kind: Kind,
    comments: usize,
    decisions: usize,
    lost: usize,
    doubled: usize,
    /// The longest time without an acknowledgement.
    gap: Duration,
    /// The longest time that one request took.
    slowest: Duration,
    answers: String,
    /// In how many ways it is not as it must be.
    faults: Vec<String>,
}

impl Row {
    /// Ends the load and audits what is left.
    pub fn of(name: &str, kind: Kind, load: &mut Load) -> Self {
        let until = Instant::now();
        load.finish();
        Self::audited(name, kind, load, until)
    }

    /// Audits what a load that has ended has left.
    pub fn audited(name: &str, kind: Kind, load: &Load, until: Instant) -> Self {
        let Account { lost, doubled, contradictions } = hold_to_account(load);
        let ledger = load.ledger();
        let answers: Vec<String> = ledger.answers.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        let mut faults = Vec::new();
        // A control must show what it is made to show, and not just anything that is strange.
        if let (Some(first), Kind::Run) = (contradictions.first(), kind) {
            faults.push(format!("{} contradictions, the first: {first}", contradictions.len()));
        }
        if lost > 0 {
            faults.push(format!("lost {lost}"));
        }
        if doubled > 0 {
            faults.push(format!("doubled {doubled}"));
        }
        Self {
            name: name.to_owned(),
            kind,
            comments: ledger.submitted.len(),
            decisions: ledger.decided.len(),
            lost,
            doubled,
            gap: ledger.longest_gap(load.began, until),
            slowest: ledger.slowest,
            answers: answers.join(", "),
            faults,
        }
    }

    /// A run without a ledger: what is measured is named in `answers`.
    pub fn bare(name: &str, kind: Kind, answers: String) -> Self {
        let zero = Duration::ZERO;
        let (comments, decisions, lost, doubled) = (0, 0, 0, 0);
        Self {
            name: name.to_owned(),
            kind,
            comments,
            decisions,
            lost,
            doubled,
            gap: zero,
            slowest: zero,
            answers,
            faults: Vec::new(),
        }
    }

    /// Turns a run that was made as any other into a control.
    pub fn become_control(&mut self, name: &str) {
        name.clone_into(&mut self.name);
        self.kind = Kind::Control;
        self.faults.retain(|fault| !fault.contains("contradictions"));
    }

    /// Takes the longest gap within these times for the run's. What there was outside of them, which is this machine's doing,
    /// is told with the name.
    pub fn look_only_within(&mut self, windows: &[(Instant, Instant)], load: &Load) {
        let ledger = load.ledger();
        let within = windows.iter().map(|(from, to)| ledger.longest_gap(*from, *to)).max().unwrap_or_default();
        let (mut outside, mut last) = (Duration::ZERO, load.began);
        for (from, to) in windows {
            outside = outside.max(ledger.longest_gap(last, *from));
            last = *to;
        }
        self.name = format!("{} (gaps of up to {} ms at other times)", self.name, outside.as_millis());
        self.gap = within;
    }

    /// Demands something more of the run.
    pub fn demand(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.faults.push(otherwise());
        }
    }

    /// Demands that no time without acknowledgements was longer.
    pub fn demand_gap(&mut self, most: Duration) {
        let gap = self.gap;
        self.demand(gap <= most, || format!("gap {} ms > {most:?}", gap.as_millis()));
    }

    /// Demands that nobody waited longer for an answer.
    pub fn demand_answers_within(&mut self, most: Duration) {
        let slowest = self.slowest;
        self.demand(slowest <= most, || format!("a request took {} ms > {most:?}", slowest.as_millis()));
    }

    /// Whether a run meets its bar, or a control fails.
    pub fn is_as_it_must_be(&self) -> bool {
        self.faults.is_empty() == (self.kind == Kind::Run)
    }

    /// Prints the line.
    pub fn print(&self) {
        let verdict = match (self.kind, self.faults.is_empty()) {
            (Kind::Run, true) => "met".to_owned(),
            (Kind::Run, false) => format!("MISSED: {}", self.faults.join("; ")),
            (Kind::Control, false) => format!("fails, as it must: {}", self.faults.join("; ")),
            (Kind::Control, true) => "CONTROL DID NOT FAIL".to_owned(),
        };
        let name = if self.kind == Kind::Control { format!("· control: {}", self.name) } else { self.name.clone() };
        println!(
            "| {name} | {} + {} | {} | {} | {} ms | {} ms | {} | {verdict} |",
            self.comments,
            self.decisions,
            self.lost,
            self.doubled,
            self.gap.as_millis(),
            self.slowest.as_millis(),
            self.answers
        );
    }
}

/// Prints the head of the table.
pub fn print_head() {
    println!(
        "| fault | acked: comments + decisions | lost | doubled | longest gap | slowest answer | answers | verdict |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
}
