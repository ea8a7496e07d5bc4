//! `keys`: made and deleted, also beside a running service.

use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::failure::Failure;
use super::table::{Column, Table};
use super::terminal::safe_json;
use super::{Context, DataArgs, Format, block_on, known_site};
use crate::domain::{ApiKey, Bounded, KeyId, Scope, SiteId, Timestamp};
use crate::service::{Error, NewKey, Service};

/// Keys open a site, or (the operator's) everything.
#[derive(clap::Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// All keys, never their secrets
    List(List),
    /// Make a key; standard output gets it, and nothing shows it again
    Create(Create),
    /// Delete a key; a running service refuses it within 5 seconds
    Delete(Delete),
}

#[derive(clap::Args)]
struct List {
    /// Only those of this site
    #[arg(long, value_name = "SITE", conflicts_with = "operator")]
    site: Option<SiteId>,
    /// Only the operator's
    #[arg(long)]
    operator: bool,
    #[command(flatten)]
    data: DataArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("whose").args(["site", "operator"]).required(true)))]
struct Create {
    /// The site it opens
    #[arg(long, value_name = "SITE")]
    site: Option<SiteId>,
    /// It opens every site, and what is above sites
    #[arg(long)]
    operator: bool,
    /// What it may do: submit, read, moderate, admin [default: submit; the operator's: all]
    #[arg(long, value_delimiter = ',', value_name = "SCOPES")]
    scopes: Vec<Scope>,
    /// From when on it opens nothing, such as 2027-01-31T00:00:00Z [default: never]
    #[arg(long, value_name = "TIME")]
    expires_at: Option<Timestamp>,
    /// What people call it
    #[arg(long, default_value = "made on the command line")]
    name: String,
    #[command(flatten)]
    data: DataArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(clap::Args)]
struct Delete {
    /// Its id, as `moderato keys list` shows it
    id: KeyId,
    #[command(flatten)]
    data: DataArgs,
}

impl Keys {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        block_on(async {
            match self.verb {
                Verb::List(list) => list.run(context).await,
                Verb::Create(create) => create.run(context).await,
                Verb::Delete(delete) => delete.run(context).await,
            }
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    async fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let service = self.data.open(context).await?;
        let keys = match &self.site {
            Some(site) => {
                known_site(&service, site).await?;
                service.keys(Some(site)).await?
            }
            None if self.operator => service.keys(None).await?,
            None => all(&service).await?,
        };
        if self.format == Format::Json {
            let items: Vec<Shown> = keys.iter().map(|key| Shown::of(key, None)).collect();
            writeln!(io::stdout(), "{}", safe_json(&serde_json::json!({ "items": items }))?)?;
            return Ok(());
        }
        let mut table = Table::new(["id", "opens", "may", "made", "last used", "expires", "name"].map(Column::Left));
        for key in &keys {
            let opens = key.site.as_ref().map_or_else(|| "everything".to_owned(), SiteId::to_string);
            let made = key.created_at.to_string();
            let used = key.last_used_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
            let expires = key.expires_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
            let name = key.name.to_string();
            table.row([key.id.to_string(), opens, scopes(key).join(","), made, used, expires, name]);
        }
        table.lines().iter().try_for_each(|line| writeln!(io::stdout(), "{line}"))?;
        Ok(())
    }
}

impl Create {
    async fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let name = Bounded::try_from(self.name).map_err(|fault| Failure::Usage(format!("the name {fault}")))?;
        let service = self.data.open(context).await?;
        if let Some(site) = &self.site {
            known_site(&service, site).await?;
        }
        let scopes = match self.scopes.is_empty() {
            false => self.scopes,
            true if self.operator => Scope::ALL.to_vec(),
            true => vec![Scope::Submit],
        };
        let (secret, key) =
            service.create_key(NewKey { site: self.site, name, scopes, expires_at: self.expires_at }).await?;
        if self.format == Format::Json {
            writeln!(io::stdout(), "{}", safe_json(&Shown::of(&key, Some(secret.reveal())))?)?;
            return Ok(());
        }
        writeln!(io::stdout(), "{}", secret.reveal())?;
        let opens = key.site.as_ref().map_or_else(|| "everything".to_owned(), |site| format!("site {site}"));
        let may = self::scopes(&key).join(", ");
        writeln!(io::stderr(), "key {} opens {opens} ({may}). It is shown only now.", key.id)?;
        Ok(())
    }
}

impl Delete {
    async fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        let service = self.data.open(context).await?;
        let key = all(&service).await?.into_iter().find(|key| key.id == self.id).ok_or(Error::UnknownKey)?;
        service.delete_key(key.site.as_ref(), &key.id, None).await?;
        writeln!(io::stderr(), "deleted {}", key.id)?;
        Ok(())
    }
}

/// Every key: the operator's, then by site.
pub(super) async fn all(service: &Service) -> Result<Vec<ApiKey>, Failure> {
    let mut keys = service.keys(None).await?;
    for site in service.sites().await? {
        keys.extend(service.keys(Some(&site.site.id)).await?);
    }
    Ok(keys)
}

/// A key as it is printed.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    /// Only when it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    site: Option<&'a str>,
    name: &'a str,
    scopes: Vec<&'static str>,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
}

impl<'a> Shown<'a> {
    fn of(key: &'a ApiKey, secret: Option<String>) -> Self {
        Self {
            id: key.id.as_str(),
            key: secret,
            site: key.site.as_ref().map(SiteId::as_str),
            name: &key.name,
            scopes: scopes(key),
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
        }
    }
}

fn scopes(key: &ApiKey) -> Vec<&'static str> {
    key.scopes.iter().map(|scope| scope.as_str()).collect()
}
