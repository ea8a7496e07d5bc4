//! `sites`: made, named and deleted, also beside a running service.

use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::failure::Failure;
use super::table::{Column, Table};
use super::terminal::{safe, safe_json};
use super::{Context, DataArgs, Format, block_on, known_site};
use crate::domain::{SiteId, SiteName};
use crate::service::SiteWithCounts;

/// Sites are blogs: each has its own comments, keys and memory.
#[derive(clap::Args)]
pub(super) struct Sites {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// All sites with their comments
    List(List),
    /// Add a site
    Create(Create),
    /// Give a site another name
    Rename(Rename),
    /// Delete a site with every comment and key in it
    Delete(Delete),
}

#[derive(clap::Args)]
struct List {
    #[command(flatten)]
    data: DataArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(clap::Args)]
struct Create {
    /// Its id in paths: 1 to 40 of a-z, 0-9 and -
    id: SiteId,
    /// Its name for people [default: its id]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    data: DataArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(clap::Args)]
struct Rename {
    /// Which site
    id: SiteId,
    /// Its new name
    name: String,
    #[command(flatten)]
    data: DataArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(clap::Args)]
struct Delete {
    /// Which site
    id: SiteId,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    data: DataArgs,
}

impl Sites {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        block_on(async {
            match self.verb {
                Verb::List(list) => list.run(context).await,
                Verb::Create(create) => create.run(context).await,
                Verb::Rename(rename) => rename.run(context).await,
                Verb::Delete(delete) => delete.run(context).await,
            }
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    async fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let sites = self.data.open(context).await?.sites().await?;
        if self.format == Format::Json {
            let items: Vec<Shown> = sites.iter().map(Shown::from).collect();
            writeln!(io::stdout(), "{}", safe_json(&serde_json::json!({ "items": items }))?)?;
            return Ok(());
        }
        let numbers = ["approved", "held", "rejected", "open"].map(Column::Right);
        let mut table = Table::new([[Column::Left("id"), Column::Left("name")].as_slice(), &numbers].concat());
        for SiteWithCounts { site, counts } in &sites {
            let numbers = [counts.approved, counts.held, counts.rejected, counts.open].map(|number| number.to_string());
            table.row([site.id.to_string(), site.name.to_string()].into_iter().chain(numbers));
        }
        table.lines().iter().try_for_each(|line| writeln!(io::stdout(), "{line}"))?;
        Ok(())
    }
}

impl Create {
    async fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let name = name(self.name.unwrap_or_else(|| self.id.to_string()))?;
        let site = self.data.open(context).await?.create_site(self.id, name).await?;
        let next = format!("made; `moderato keys create --site {}` makes a key for it", site.site.id);
        print(&site, self.format, &next)
    }
}

impl Rename {
    async fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let name = name(self.name)?;
        let service = self.data.open(context).await?;
        known_site(&service, &self.id).await?;
        let site = service.rename_site(&self.id, name).await?;
        print(&site, self.format, "renamed")
    }
}

impl Delete {
    async fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let service = self.data.open(context).await?;
        let counts = known_site(&service, &self.id).await?.counts;
        if context.terminal.asks && !self.yes {
            let comments = counts.approved + counts.held + counts.rejected;
            write!(io::stderr(), "{} and its {comments} comments go for good. Type its id to delete it: ", self.id)?;
            let mut answer = String::new();
            io::stdin().read_line(&mut answer)?;
            if answer.trim() != self.id.as_str() {
                return Err(Failure::new("nothing was deleted"));
            }
        }
        service.delete_site(&self.id).await?;
        writeln!(io::stderr(), "deleted {}", self.id)?;
        Ok(())
    }
}

/// A site as it is printed.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    name: &'a str,
    created_at: String,
    counts: Numbers,
}

#[derive(Serialize)]
struct Numbers {
    approved: u64,
    held: u64,
    rejected: u64,
    open: u64,
}

impl<'a> From<&'a SiteWithCounts> for Shown<'a> {
    fn from(SiteWithCounts { site, counts }: &'a SiteWithCounts) -> Self {
        let counts =
            Numbers { approved: counts.approved, held: counts.held, rejected: counts.rejected, open: counts.open };
        Self { id: site.id.as_str(), name: &site.name, created_at: site.created_at.to_string(), counts }
    }
}

fn print(site: &SiteWithCounts, format: Format, said: &str) -> Result<(), Failure> {
    match format {
        Format::Json => writeln!(io::stdout(), "{}", safe_json(&Shown::from(site))?)?,
        Format::Text => writeln!(io::stdout(), "{}  {}\n{said}", site.site.id, safe(&site.site.name))?,
    }
    Ok(())
}

fn name(text: String) -> Result<SiteName, Failure> {
    SiteName::try_from(text).map_err(|fault| Failure::Usage(format!("the name {fault}")))
}
