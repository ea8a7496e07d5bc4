//! `check --lines`: one submission a line in, one line of JSON out, whatever stands in it.

use std::io::{self, BufRead, Read, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::{Judged, MAX_BYTES, Unjudged, parse};
use crate::cli::failure::Failure;
use crate::cli::terminal::safe_json;
use crate::domain::Submission;

/// What a line of the answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum With {
    /// The verdict.
    VerdictOnly,
    /// The verdict, and what the rules could look at.
    Facts,
}

/// What stands in place of a verdict.
#[derive(Serialize)]
struct Bad {
    /// Counted from 1.
    line: u64,
    errors: Vec<String>,
}

/// Judges line by line. A line that is no submission, or that cannot be judged, gets a line that says so, and in the end
/// the exit code 1.
pub(super) fn run(
    name: &str,
    input: &mut dyn BufRead,
    judge: impl Fn(&Submission) -> Result<Judged, Unjudged>,
    with: With,
) -> Result<ExitCode, Failure> {
    let mut out = io::stdout().lock();
    let (mut number, mut bad, mut first_bad) = (0_u64, 0_u64, None);
    let mut line = Vec::new();
    while read_line(input, &mut line).map_err(|error| Failure::new(format!("{name} cannot be read: {error}")))? {
        number += 1;
        let judged = parse_line(&line).and_then(|submission| judge(&submission).map_err(|why| vec![why.to_string()]));
        let answer = match judged {
            Ok(judged) => judged.line(with)?,
            Err(errors) => {
                bad += 1;
                first_bad.get_or_insert(number);
                safe_json(&Bad { line: number, errors })?
            }
        };
        writeln!(out, "{answer}")?;
    }
    drop(out);
    match first_bad {
        None => Ok(ExitCode::SUCCESS),
        Some(first) => {
            Err(Failure::new(format!("{name}: {bad} of {number} lines have no verdict, the first is line {first}")))
        }
    }
}

fn parse_line(line: &[u8]) -> Result<Submission, Vec<String>> {
    if line.trim_ascii().is_empty() {
        return Err(vec!["the line is empty".to_owned()]);
    }
    // Which line it is stands beside the fault; a parser that sees only this one would call it line 1.
    parse(line)
        .map_err(|faults| faults.into_iter().map(|fault| fault.replace(" at line 1 column ", " at column ")).collect())
}

/// Reads the next line with its end; of a line that is too long only the beginning. `false`: there is none.
fn read_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let most = MAX_BYTES + 2;
    if Read::take(&mut *input, most).read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if line.len() as u64 == most && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::check::Screening;
    use crate::config::{Environment, Loaded, Sources};

    #[test]
    fn a_panic_costs_one_line_its_verdict_and_no_other() {
        let sources = Sources { file: None, environment: &Environment::default(), data_dir: None };
        let screening = Screening::new(Loaded::from(&sources).unwrap().policy.policy().clone());
        let judge = |submission: &Submission| {
            Screening::caught(|| {
                assert!(&*submission.content != "two", "the content is told nowhere");
                screening.judge_or_panic(submission)
            })
        };
        let ended = run("many", &mut b"one\ntwo\nthree\n".as_slice(), judge, With::VerdictOnly);
        let said = ended.unwrap_err().to_string();
        assert_eq!(said, "many: 1 of 3 lines have no verdict, the first is line 2");
    }
}
