//! `doctor`: what is wrong with an installation, and the line to change.

mod clock;
mod connections;
mod disk;
mod durability;
mod finding;
mod keys;
mod proxies;
mod running;
mod sample;
mod servers;
mod store;

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;

use super::failure::Failure;
use super::terminal::{Style, Terminal, safe, safe_json_pretty};
use super::{Context, DataArgs, Format, block_on, place};
use crate::clock::Clock;
use crate::config::Settings;
use finding::{Finding, Level};
use running::Running;

/// Looks at store, durability, clock, proxies, keys and disk, also beside a running service. Exits with 1 if there is a problem.
#[derive(clap::Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    data: DataArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Doctor {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let settings = self.data.load(context)?.settings;
        let findings = block_on(self.look(context, &settings))?;
        match self.format {
            Format::Text => print(&findings, &place(&settings), &context.terminal)?,
            Format::Json => {
                let count = |level| findings.iter().filter(|finding| finding.level == level).count();
                let answer = json!({
                    "data_dir": settings.data_dir.to_string_lossy(), "store": settings.store.shown(),
                    "problems": count(Level::Problem), "warnings": count(Level::Warning), "findings": findings
                });
                writeln!(io::stdout(), "{}", safe_json_pretty(&answer)?)?;
            }
        }
        let has_problem = findings.iter().any(|finding| finding.level == Level::Problem);
        Ok(if has_problem { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    /// Everything that was found, part by part. What one part cannot find out is its finding, and the others go on.
    async fn look(&self, context: &Context<'_>, settings: &Settings) -> Result<Vec<Finding>, Failure> {
        let now = Clock::System.now();
        let running = Running::ask(settings);
        let mut findings = vec![running.finding()];
        let is_embedded = settings.store.is_embedded();
        let (service, found) = match is_embedded {
            true => store::open(&self.data, context, settings).await,
            false => servers::open(&self.data, context, settings).await,
        };
        findings.extend(found);
        let sites = match &service {
            Some(service) => match sample::of(service).await {
                Ok(sites) => sites,
                Err(error) => {
                    findings.push(Finding::problem("store.read", format!("comments cannot be read: {error}")));
                    Vec::new()
                }
            },
            None => Vec::new(),
        };
        findings.extend(store::findings(&sites));
        if is_embedded {
            findings.extend(durability::findings(&settings.data_dir));
        }
        findings.extend(clock::findings(&sites, &running, now));
        findings.extend(proxies::findings(&sites, &running, &settings.http));
        findings.extend(keys::of_configuration(settings));
        findings.extend(keys::of_files(&settings.data_dir));
        if let Some(service) = &service {
            findings.extend(keys::of_store(service).await);
        }
        if is_embedded {
            findings.extend(disk::findings(&settings.data_dir, &sites, now));
        }
        findings.extend(connections::findings(settings.http.max_connections));
        Ok(findings)
    }
}

/// Prints the findings with the part each is about, and how many are bad.
fn print(findings: &[Finding], place: &str, terminal: &Terminal) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", terminal.paint(Style::Dim, &safe(&format!("data in {place}"))))?;
    for finding in findings {
        let style = match finding.level {
            Level::Ok => Style::Good,
            Level::Note => Style::Bold,
            Level::Warning => Style::Doubtful,
            Level::Problem => Style::Bad,
        };
        let level = format!("{:<8}", finding.level.as_str());
        writeln!(out, "{} {:<11} {}", terminal.paint(style, &level), finding.part(), safe(&finding.found))?;
        for line in finding.change.iter().flat_map(|change| change.lines()) {
            writeln!(out, "{:21}> {}", "", safe(line))?;
        }
    }
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (problems, warnings) = (count(Level::Problem), count(Level::Warning));
    let plural = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    writeln!(out, "{}, {}", plural(problems, "problem"), plural(warnings, "warning"))
}
