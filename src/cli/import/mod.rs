//! `import`: reads an export into a site, also beside a running service.

mod disqus;
mod input;
mod lines;
mod moderato;
mod moving;
mod moving_entries;
mod wxr;
mod xml;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::failure::Failure;
use super::{Context, DataArgs, block_on};
use crate::domain::{Comment, ListEntry, ListName, SiteId, SiteOverrides, Submission, Tombstone};
use crate::service::{Error, Service, Standing};
use input::{From, Input};
use moving::Mover;

/// Reads an export into a site that is there. What is in it already is left as it is, so that the same again is harmless
/// and goes on where it was interrupted. What cannot be read is told and left out.
#[derive(clap::Args)]
pub(super) struct Import {
    /// Into which site
    #[arg(long, value_name = "SITE")]
    site: SiteId,
    /// What to read; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Its format [default: told by its beginning]
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<From>,
    #[command(flatten)]
    data: DataArgs,
}

impl Import {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let Input { name, from, reader, again } = Input::open(&self.file, self.from)?;
        block_on(async {
            let service = self.data.open(context).await?;
            self.site_is_there(&service).await?;
            if from == From::Moderato
                && let Some(file) = again
                && let Err(why) = moderato::verify(file)
            {
                return Err(Failure::new(format!(
                    "{name}: {why}. Nothing was imported; `moderato import … - < {name}` takes what can be read"
                )));
            }
            let mut source: Box<dyn Source> = match from {
                From::Moderato => Box::new(moderato::Export::new(reader, service.now())),
                From::Wxr => Box::new(wxr::Export::new(reader)),
                From::Disqus => Box::new(disqus::Export::new(reader)),
            };
            let mut mover = Mover::new((&service, &self.site), &name, context);
            let ended = loop {
                match source.next() {
                    Ok(None) => break Ok(()),
                    Ok(Some(found)) => {
                        if let Err(failure) = mover.take(found).await {
                            break Err(failure);
                        }
                    }
                    Err(failure) => break Err(Failure::new(format!("{name}: {failure}"))),
                }
            };
            let moved = mover.end().await;
            ended.map_err(|failure| match &moved {
                Ok(moved) if moved.is_nothing() => failure,
                _ => Failure::new(format!("{failure}. What was read before is in {}", self.site)),
            })?;
            let moved = moved?;
            writeln!(io::stdout(), "{}", moved.summary(&self.site))?;
            for note in source.notes() {
                writeln!(io::stdout(), "{note}")?;
            }
            Ok(if moved.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        })
    }
}

impl Import {
    async fn site_is_there(&self, service: &Service) -> Result<(), Failure> {
        match service.site(&self.site).await {
            Ok(_) => Ok(()),
            Err(Error::UnknownSite) => {
                let site = &self.site;
                Err(Failure::new(format!("there is no site {site}; `moderato sites create {site}` makes it")))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Something that is read from beginning to end.
trait Source {
    /// The next thing; `None` at the end. After a failure nothing more can be read.
    fn next(&mut self) -> Result<Option<Found>, Failure>;

    /// What there is to say of the whole, once it was read.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Something that was found, and where.
struct Found {
    /// For people: `line 12`.
    place: String,
    /// About how many bytes it takes.
    weight: usize,
    /// What it is, or everything that is wrong with it.
    item: Result<Item, Vec<String>>,
}

/// What can be imported.
enum Item {
    /// What the site overrides.
    Policy(SiteOverrides),
    /// A comment of another Moderato.
    Comment(Box<Comment>),
    /// What is left of one.
    Tombstone(Box<Tombstone>),
    /// An entry of a list.
    Entry(ListName, Box<ListEntry>),
    /// A comment of another system.
    Old(Box<Submission>, Standing),
}
