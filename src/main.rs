//! The program's door: arguments and environment in, exit code out.

use std::process::ExitCode;

use moderato::cli;
use moderato::config::Environment;

#[allow(clippy::disallowed_methods, reason = "this is the place; everything else is handed what it needs")]
fn main() -> ExitCode {
    cli::run(std::env::args_os(), &Environment::new(std::env::vars_os()))
}
