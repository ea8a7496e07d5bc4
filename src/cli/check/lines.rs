//! `check --lines`: one submission a line in, one line of JSON out, whatever stands in it.

use std::io::{self, BufRead, Read, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::{MAX_BYTES, Screening, parse};
use crate::cli::failure::Failure;
use crate::cli::terminal::safe_json;

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

/// Judges line by line. A line that is no submission gets a line that says so, and in the end the exit code 1.
pub(super) fn run(screening: &Screening, input: &mut dyn BufRead, with: With) -> Result<ExitCode, Failure> {
    let mut out = io::stdout().lock();
    let (mut number, mut bad) = (0, 0);
    let mut line = Vec::new();
    while read_line(input, &mut line).map_err(|error| Failure::new(format!("cannot be read: {error}")))? {
        number += 1;
        let answer = match parse_line(&line) {
            Ok(submission) => screening.judge(&submission).line(with)?,
            Err(errors) => {
                bad += 1;
                safe_json(&Bad { line: number, errors })?
            }
        };
        writeln!(out, "{answer}")?;
    }
    if bad == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    drop(out);
    Err(Failure::new(format!("{bad} of {number} lines are no submission")))
}

fn parse_line(line: &[u8]) -> Result<crate::domain::Submission, Vec<String>> {
    if line.trim_ascii().is_empty() {
        return Err(vec!["the line is empty".to_owned()]);
    }
    parse(line)
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
