//! What the doctor found, and how it is told.

use serde::Serialize;

/// One thing that was looked at, with what to change about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// Its name, for programs: the part, and what about it.
    pub id: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was found, in one sentence.
    pub found: String,
    /// The line to change: of a configuration, a command, or what else to do.
    pub change: Option<String>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// It works, and something about it does not.
    Warning,
    /// It does not work, loses data, or lets in who should stay out.
    Problem,
}

impl Level {
    /// Its word.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Problem => "problem",
        }
    }
}

impl Finding {
    pub(super) fn ok(id: &'static str, found: impl Into<String>) -> Self {
        Self { id, level: Level::Ok, found: found.into(), change: None }
    }

    pub(super) fn note(id: &'static str, found: impl Into<String>) -> Self {
        Self { level: Level::Note, ..Self::ok(id, found) }
    }

    pub(super) fn warning(id: &'static str, found: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::ok(id, found) }
    }

    pub(super) fn problem(id: &'static str, found: impl Into<String>) -> Self {
        Self { level: Level::Problem, ..Self::ok(id, found) }
    }

    /// With what to change.
    pub(super) fn change(self, change: impl Into<String>) -> Self {
        Self { change: Some(change.into()), ..self }
    }

    /// The part it is about.
    pub(super) fn part(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }
}

/// A share as people read it; of nothing, nothing.
pub(super) fn percent(part: usize, whole: usize) -> String {
    format!("{} %", (part * 100).checked_div(whole).unwrap_or_default())
}

/// A size as people read it.
pub(super) fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = KIB * 1024;
    const GIB: u64 = MIB * 1024;
    match bytes {
        0..KIB => format!("{bytes} bytes"),
        KIB..MIB => format!("{:.1} KiB", bytes as f64 / KIB as f64),
        MIB..GIB => format!("{:.1} MiB", bytes as f64 / MIB as f64),
        _ => format!("{:.1} GiB", bytes as f64 / GIB as f64),
    }
}
