//! The command line: what can be asked for, and how the answer ends.

mod ask;
mod backup;
mod check;
mod config;
mod doctor;
mod eval;
mod export;
mod failure;
mod healthcheck;
mod import;
mod keys;
mod labelled;
mod leaving;
mod lists;
mod progress;
mod repair;
mod restore;
mod serve;
mod simulate;
mod sites;
mod table;
mod terminal;
mod train;

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::app;
use crate::config::{Environment, Loaded, Settings, Sources};
use crate::domain::SiteId;
use crate::service::{self, Service, SiteWithCounts};
use failure::Failure;
use terminal::Terminal;

/// Runs the program; the answer is its exit code: 0 done, 1 it failed, 2 wrong usage.
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: &Environment) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return print_usage(&error),
    };
    std::panic::set_hook(Box::new(tell_panic));
    let context = Context { environment, terminal: Terminal::new(environment.no_color()) };
    match catch_unwind(AssertUnwindSafe(|| arguments.command.run(&context))) {
        Ok(Ok(code)) => code,
        Ok(Err(failure)) => failure.report(),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Prints the help that was asked for, or what is wrong with the arguments.
fn print_usage(error: &clap::Error) -> ExitCode {
    match error.print().and_then(|()| io::stdout().flush()) {
        Err(unprinted) if !error.use_stderr() => Failure::from(unprinted).report(),
        _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
    }
}

/// Tells of a panic by its place alone: the message may quote the comment that was at work.
fn tell_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    // Without standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "moderato: a fault of the program at {place}; please report it");
}

/// Moderato screens comments: approves, holds or rejects each within milliseconds, and says exactly why.
#[derive(Parser)]
#[command(name = "moderato", version, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "Start with `moderato serve`, or try `echo 'a comment' | moderato check`.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service
    Serve(serve::Serve),
    /// Screen one comment and explain the verdict; no server needed
    Check(check::Check),
    /// Measure the screening on labelled comments
    Eval(eval::Eval),
    /// Try a draft of a policy on the comments that people have decided
    Simulate(simulate::Simulate),
    /// Make a base model of labelled comments
    Train(train::Train),
    /// List, create, rename and delete sites
    Sites(sites::Sites),
    /// List, create and delete keys
    Keys(keys::Keys),
    /// List, add, remove and import entries of a site's own lists
    Lists(lists::Lists),
    /// Write a site as lines of JSON, to keep or to move it
    Export(export::Export),
    /// Read an export of Moderato, WordPress or Disqus into a site
    Import(import::Import),
    /// Check the configuration, or show what it comes to
    Config(config::Config),
    /// Tell what is wrong with an installation, and the line to change
    Doctor(doctor::Doctor),
    /// Copy the store into one file, also beside a running service
    Backup(backup::Backup),
    /// Put a backup in the place of a store that nobody serves
    Restore(restore::Restore),
    /// Make indexes, counts and history anew in a store that nobody serves
    Repair(repair::Repair),
    /// Ask a running service whether it is ready (for containers)
    Healthcheck(healthcheck::Healthcheck),
}

impl Command {
    fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        match self {
            Command::Serve(serve) => serve.run(context),
            Command::Check(check) => check.run(context),
            Command::Eval(eval) => eval.run(context),
            Command::Simulate(simulate) => simulate.run(context),
            Command::Train(train) => train.run(context),
            Command::Sites(sites) => sites.run(context),
            Command::Keys(keys) => keys.run(context),
            Command::Lists(lists) => lists.run(context),
            Command::Export(export) => export.run(context),
            Command::Import(import) => import.run(context),
            Command::Config(config) => config.run(context),
            Command::Doctor(doctor) => doctor.run(context),
            Command::Backup(backup) => backup.run(context),
            Command::Restore(restore) => restore.run(context),
            Command::Repair(repair) => repair.run(context),
            Command::Healthcheck(healthcheck) => healthcheck.run(context),
        }
    }
}

/// What every command is run with.
struct Context<'a> {
    environment: &'a Environment,
    terminal: Terminal,
}

/// Which configuration.
#[derive(Args)]
struct ConfigArgs {
    /// Configuration file, over the built-in defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigArgs {
    fn sources<'a>(&'a self, context: &'a Context<'_>) -> Sources<'a> {
        Sources { file: self.config.as_deref(), environment: context.environment, data_dir: None }
    }

    fn load(&self, context: &Context<'_>) -> Result<Loaded, Failure> {
        Ok(Loaded::from(&self.sources(context))?)
    }
}

/// Which configuration and which data.
#[derive(Args)]
struct DataArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Directory of the data [default: data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl DataArgs {
    fn sources<'a>(&'a self, context: &'a Context<'_>) -> Sources<'a> {
        Sources { data_dir: self.data.as_deref(), ..self.config.sources(context) }
    }

    fn load(&self, context: &Context<'_>) -> Result<Loaded, Failure> {
        Ok(Loaded::from(&self.sources(context))?)
    }

    /// The service over this data, also beside a process that serves it.
    async fn open(&self, context: &Context<'_>) -> Result<Service, Failure> {
        Ok(app::beside(self.load(context)?).await?)
    }
}

/// How data is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// A site that must be there.
async fn known_site(service: &Service, id: &SiteId) -> Result<SiteWithCounts, Failure> {
    service.site(id).await.map_err(|error| match error {
        service::Error::UnknownSite => {
            Failure::new(format!("there is no site {id}; `moderato sites list` shows those there are"))
        }
        error => error.into(),
    })
}

/// Where the data is, as it is shown.
fn place(settings: &Settings) -> String {
    match settings.store.is_embedded() {
        true => settings.data_dir.display().to_string(),
        false => settings.store.shown(),
    }
}

/// How many there are, in words.
fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Waits for a future on this thread.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?.block_on(future)
}
