//! `lists`: a site's own lists shown, filled and emptied, also beside a running service.

mod import;
mod wordpress;

use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::failure::Failure;
use super::table::{Column, Table};
use super::terminal::safe_json;
use super::{Context, DataArgs, Format, block_on, known_site};
use crate::domain::{EntryId, Fault, ListAction, ListEntry, ListName, ListNote, ListValue, Match, SiteId, Timestamp};
use crate::service::{self, MAX_PUT, Put, Service};

/// A site's own lists: phrases, domains, addresses (of commenters) and mails, each entry with what becomes of a comment in
/// which it is found. A running service goes by them from the next comment on.
#[derive(clap::Args)]
pub(super) struct Lists {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// The entries of all lists, or of one
    List(List),
    /// Put entries into a list; one that is there gets the new action
    Add(Box<Add>),
    /// Take entries out of a list
    Remove(Remove),
    /// Read WordPress's disallowed or moderation keys into the lists
    Import(import::Import),
}

#[derive(clap::Args)]
struct List {
    /// Only this one: phrases, domains, addresses, mails
    list: Option<ListName>,
    /// Of which site
    #[arg(long, value_name = "SITE")]
    site: SiteId,
    #[command(flatten)]
    data: DataArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(clap::Args)]
struct Add {
    /// Which one: phrases, domains, addresses, mails
    list: ListName,
    /// What is looked for
    #[arg(required = true, value_name = "VALUE")]
    values: Vec<String>,
    /// Of which site
    #[arg(long, value_name = "SITE")]
    site: SiteId,
    /// What becomes of a comment: hold, reject, approve, or points such as 30 or -20
    #[arg(long, allow_hyphen_values = true)]
    action: ListAction,
    /// How phrases are found: word, substring, wildcard, regex
    #[arg(long = "match", value_name = "MATCH", default_value = "word")]
    kind: Match,
    /// Why, for the moderators
    #[arg(long)]
    note: Option<String>,
    /// From when on they do nothing, such as 2027-01-31T00:00:00Z [default: never]
    #[arg(long, value_name = "TIME")]
    expires_at: Option<Timestamp>,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(clap::Args)]
struct Remove {
    /// Which one: phrases, domains, addresses, mails
    list: ListName,
    /// Their ids, as `moderato lists list` shows them
    #[arg(required = true, value_name = "ID")]
    ids: Vec<EntryId>,
    /// Of which site
    #[arg(long, value_name = "SITE")]
    site: SiteId,
    #[command(flatten)]
    data: DataArgs,
}

impl Lists {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        block_on(async {
            match self.verb {
                Verb::List(list) => list.run(context).await,
                Verb::Add(add) => add.run(context).await,
                Verb::Remove(remove) => remove.run(context).await,
                Verb::Import(import) => import.run(context).await,
            }
        })
    }
}

impl List {
    async fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let service = self.data.open(context).await?;
        known_site(&service, &self.site).await?;
        let lists: Vec<ListName> = self.list.map_or_else(|| ListName::ALL.to_vec(), |list| vec![list]);
        let mut found = Vec::new();
        for list in lists {
            found.extend(all(&service, &self.site, list).await?.into_iter().map(|entry| (list, entry)));
        }
        if self.format == Format::Json {
            let items: Vec<Shown> = found.iter().map(|(list, (id, entry))| Shown::of(*list, id, entry)).collect();
            writeln!(io::stdout(), "{}", safe_json(&serde_json::json!({ "items": items }))?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let headings = ["list", "id", "action", "match", "expires", "value", "note"];
        let mut table = Table::new(headings.map(Column::Left));
        for (list, (id, entry)) in &found {
            let expires = entry.expires_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
            let note = entry.note.as_deref().unwrap_or_default().to_owned();
            let (action, kind) = (entry.action.to_string(), entry.kind.as_str().to_owned());
            let value = entry.value.to_string();
            table.row([list.as_str().to_owned(), id.to_string(), action, kind, expires, value, note]);
        }
        table.lines().iter().try_for_each(|line| writeln!(io::stdout(), "{line}"))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Every entry of a list, by id.
pub(super) async fn all(
    service: &Service,
    site: &SiteId,
    list: ListName,
) -> Result<Vec<(EntryId, ListEntry)>, service::Error> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = service.entries(site, list, after, MAX_PUT).await?;
        let is_last = page.len() < MAX_PUT;
        after = page.last().map(|(id, _)| id.clone());
        found.extend(page);
        if is_last {
            return Ok(found);
        }
    }
}

impl Add {
    async fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let usage = |what: &str, fault: Fault| Failure::Usage(format!("{what} {fault}"));
        let note: Option<ListNote> = self.note.map(ListNote::try_from).transpose().map_err(|it| usage("--note", it))?;
        let service = self.data.open(context).await?;
        known_site(&service, &self.site).await?;
        let (kind, action, expires_at, created_at) = (self.kind, self.action, self.expires_at, service.now());
        let mut entries = Vec::new();
        for value in self.values {
            let value = ListValue::try_from(value).map_err(|fault| usage("a value", fault))?;
            entries.push(ListEntry { value, kind, action, note: note.clone(), expires_at, created_at });
        }
        let (mut new, mut changed, sent) = (0, 0, entries.len());
        for entries in entries.chunks(MAX_PUT) {
            let put = match service.put_entries(&self.site, self.list, entries.to_vec()).await {
                Err(service::Error::InvalidEntries(faults)) => {
                    let told =
                        faults.iter().map(|it| format!("`{}`: {} {}", &*entries[it.place].value, it.field, it.fault));
                    let told = told.take(20).collect::<Vec<_>>().join("; ");
                    return Err(Failure::Usage(format!("nothing was written: {told}")));
                }
                put => put?,
            };
            let Put { new: more, changed: others, .. } = put;
            new += more;
            changed += others;
        }
        let already = sent - new - changed;
        writeln!(io::stdout(), "{}: {new} new, {changed} changed, {already} there already", self.list.as_str())?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Remove {
    async fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let service = self.data.open(context).await?;
        known_site(&service, &self.site).await?;
        let mut missing = 0;
        for id in &self.ids {
            match service.delete_entry(&self.site, self.list, id).await {
                Ok(()) => writeln!(io::stdout(), "removed {id}")?,
                Err(service::Error::UnknownEntry) => {
                    missing += 1;
                    writeln!(io::stderr(), "moderato: {} has no entry {id}", self.list.as_str())?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(if missing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// An entry as it is printed.
#[derive(Serialize)]
struct Shown<'a> {
    list: ListName,
    id: &'a str,
    value: &'a str,
    r#match: Match,
    action: ListAction,
    note: Option<&'a str>,
    expires_at: Option<String>,
    created_at: String,
}

impl<'a> Shown<'a> {
    fn of(list: ListName, id: &'a EntryId, entry: &'a ListEntry) -> Self {
        Self {
            list,
            id: id.as_str(),
            value: &entry.value,
            r#match: entry.kind,
            action: entry.action,
            note: entry.note.as_deref(),
            expires_at: entry.expires_at.map(|at| at.to_string()),
            created_at: entry.created_at.to_string(),
        }
    }
}
