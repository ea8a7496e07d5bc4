//! `check`: screens a comment and explains the verdict, without a server and without memory.

mod excerpt;
mod explain;
mod lines;

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;

use super::failure::Failure;
use super::terminal::{safe_json, safe_json_pretty};
use super::{ConfigArgs, Context, Format};
use crate::clock::Clock;
use crate::domain::{History, Submission, Verdict};
use crate::http::wire::{self, FieldFault};
use crate::screening::{BaseModel, Facts, Learnt, Policy, screen_learnt};

/// The most bytes a submission may have; the service takes 256 KiB.
const MAX_BYTES: u64 = 256 * 1024;

/// Screens one comment: a submission as JSON, or plain text. Nothing is remembered: the author is unknown.
#[derive(clap::Args)]
pub(super) struct Check {
    /// What to read: a submission as JSON (begins with `{`) or plain text; `-` is standard input
    #[arg(default_value = "-", value_name = "FILE")]
    file: PathBuf,
    /// Also tell what the rules could look at
    #[arg(long)]
    facts: bool,
    /// One submission a line in, one verdict as JSON a line out
    #[arg(long)]
    lines: bool,
    /// How to print [default: text]
    #[arg(long, value_enum)]
    format: Option<Format>,
    #[command(flatten)]
    config: ConfigArgs,
}

impl Check {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        if self.lines && self.format == Some(Format::Text) {
            return Err(Failure::Usage("--lines answers in JSON; leave --format text out".to_owned()));
        }
        let screening = Screening::new(self.config.load(context)?.policy.policy().clone());
        let mut input = open(&self.file, context)?;
        if self.lines {
            let with = if self.facts { lines::With::Facts } else { lines::With::VerdictOnly };
            return lines::run(&name_of(&self.file), &mut input, |submission| screening.judge(submission), with);
        }
        let mut bytes = Vec::new();
        let name = name_of(&self.file);
        input.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&self.file, &error))?;
        let submission =
            parse(&bytes).map_err(|faults| Failure::new(format!("{name} is no submission: {}", faults.join("; "))))?;
        let judged = screening.judge(&submission).map_err(|Unjudged| Failure::new(format!("{name}: {Unjudged}")))?;
        let answer = match (self.format, self.facts) {
            (Some(Format::Json), true) => format!("{}\n", safe_json_pretty(&judged.answer_with_facts())?),
            (Some(Format::Json), false) => format!("{}\n", safe_json_pretty(&judged.answer())?),
            (_, facts) => {
                let mut text = explain::explain(&submission, &judged.verdict, &context.terminal);
                if facts {
                    text.push_str(&format!("\nfacts\n{}\n", safe_json_pretty(&judged.facts)?));
                }
                text
            }
        };
        io::stdout().write_all(answer.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What comments are judged by, without a service around it.
struct Screening {
    policy: Arc<Policy>,
    base: BaseModel,
}

impl Screening {
    fn new(policy: Arc<Policy>) -> Self {
        Self { policy, base: BaseModel::shipped() }
    }

    /// A comment that brings the screening down is not judged, but those after it are.
    fn judge(&self, submission: &Submission) -> Result<Judged, Unjudged> {
        Self::caught(|| self.judge_or_panic(submission))
    }

    fn caught(judge: impl FnOnce() -> Judged) -> Result<Judged, Unjudged> {
        catch_unwind(AssertUnwindSafe(judge)).map_err(|_| Unjudged)
    }

    fn judge_or_panic(&self, submission: &Submission) -> Judged {
        let facts = Facts::new(submission, &self.policy, Clock::System.now());
        let learnt = Learnt { base: &self.base, site: None };
        let verdict = screen_learnt(&facts, &History::default(), &self.policy, learnt).verdict;
        let facts = serde_json::to_value(facts.report()).unwrap_or_default();
        Judged { verdict, facts }
    }
}

/// The screening failed at a comment.
#[derive(Clone, Copy, Debug)]
struct Unjudged;

impl fmt::Display for Unjudged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the screening failed at this comment, which is a fault of the program; please report it")
    }
}

/// What the screening says, and what it saw.
struct Judged {
    verdict: Verdict,
    facts: serde_json::Value,
}

/// A verdict as it is printed.
#[derive(Serialize)]
struct Answer<'a, V> {
    #[serde(flatten)]
    verdict: V,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<&'a serde_json::Value>,
}

impl Judged {
    fn answer(&self) -> Answer<'_, impl Serialize> {
        Answer { verdict: wire::Verdict::from(&self.verdict), facts: None }
    }

    fn answer_with_facts(&self) -> Answer<'_, impl Serialize> {
        Answer { facts: Some(&self.facts), ..self.answer() }
    }

    /// One line of JSON.
    fn line(&self, with: lines::With) -> Result<String, serde_json::Error> {
        match with {
            lines::With::Facts => safe_json(&self.answer_with_facts()),
            lines::With::VerdictOnly => safe_json(&self.answer()),
        }
    }
}

/// Reads a submission: JSON if it begins with `{`, else the text of a comment. The last line's end is no part of a text.
fn parse(bytes: &[u8]) -> Result<Submission, Vec<String>> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(vec![format!("it has more than {MAX_BYTES} bytes (256 KiB)")]);
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    if bytes.trim_ascii_start().starts_with(b"{") {
        return submission_of_json(bytes);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| vec!["it is not UTF-8".to_owned()])?;
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    let json = serde_json::json!({ "post": { "id": "check" }, "author": {}, "content": text });
    submission_of_json(json.to_string().as_bytes())
}

fn submission_of_json(json: &[u8]) -> Result<Submission, Vec<String>> {
    let told = |fault: &FieldFault| match fault.field.as_str() {
        "" => format!("it {}", fault.detail),
        field => format!("{field} {}", fault.detail),
    };
    wire::parse_submission(json).map_err(|faults| faults.iter().map(told).collect())
}

/// How messages name what is read.
fn name_of(path: &Path) -> Cow<'_, str> {
    if path.as_os_str() == "-" { Cow::Borrowed("standard input") } else { path.to_string_lossy() }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{} cannot be read: {error}", name_of(path)))
}

fn open(path: &Path, context: &Context<'_>) -> Result<Box<dyn BufRead>, Failure> {
    if path.as_os_str() == "-" {
        if context.terminal.asks && context.terminal.talks {
            writeln!(io::stderr(), "reading a comment from the keyboard; Ctrl-D ends it")?;
        }
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Box::new(BufReader::new(file)))
}
