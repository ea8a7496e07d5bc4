//! `repair`: indexes and whatever is derived from the comments, made anew; says what was wrong and what still is. A store in
//! Redis has no files to look at, and may be served meanwhile.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;

use super::failure::Failure;
use super::terminal::{safe, safe_json};
use super::{Context, DataArgs, Format, block_on};
use crate::app;
use crate::clock::Clock;
use crate::domain::SiteId;
use crate::store::{self, Mended, Repaired, ServeLock};

/// Nobody may serve the data directory meanwhile; a store in Redis may be. Comments are never changed: those that cannot be read are named, and can be erased
/// through the service or be brought back from a backup.
#[derive(clap::Args)]
pub(super) struct Repair {
    #[command(flatten)]
    data: DataArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Repair {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let settings = self.data.load(context)?.settings;
        let (_lock, mended) = match settings.store.is_embedded() {
            // Taking the lock would make the directory.
            true if !app::is_filled(&settings.data_dir) => return Err(app::Error::empty(&settings).into()),
            true => {
                let lock = ServeLock::take(&settings.data_dir)?;
                (Some(lock), Some(store::mend(&settings.store, &settings.data_dir)?))
            }
            false => (None, None),
        };
        let store = store::open(&settings.store, &settings.data_dir, &Clock::System)?;
        let sites = block_on(async {
            if store.identity().await?.is_none() {
                return Err(app::Error::empty(&settings).into());
            }
            let mut sites = Vec::new();
            for site in store.sites().await? {
                let repaired = store.repair(&site.id).await?;
                sites.push((site.id, repaired));
            }
            Ok(sites)
        })?;
        drop(store);
        match self.format {
            Format::Text => print_text(mended.as_ref(), &sites)?,
            Format::Json => writeln!(io::stdout(), "{}", safe_json(&shown(mended.as_ref(), &sites))?)?,
        }
        let is_sound = mended.is_none_or(|mended| mended.faults.is_empty())
            && sites.iter().all(|(_, repaired)| repaired.damaged.is_empty());
        Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn print_text(mended: Option<&Mended>, sites: &[(SiteId, Repaired)]) -> io::Result<()> {
    let mut out = io::stdout();
    mended.map_or(Ok(()), |mended| print_files(&mut out, mended))?;
    sites.iter().try_for_each(|(site, repaired)| print_site(&mut out, site, repaired))
}

fn print_files(out: &mut impl Write, mended: &Mended) -> io::Result<()> {
    match (mended.rebuilt, mended.faults.is_empty()) {
        (false, true) => writeln!(out, "files: sound")?,
        (true, true) => writeln!(out, "files: sound, after the indexes were built anew")?,
        (_, false) => writeln!(out, "files: damaged; restore a backup, or export what can be read")?,
    }
    mended.faults.iter().try_for_each(|fault| writeln!(out, "  {}", safe(fault)))
}

fn print_site(out: &mut impl Write, site: &SiteId, repaired: &Repaired) -> io::Result<()> {
    let Repaired { comments, tombstones, rows, counts, history, members, feed, lessons, damaged } = repaired;
    writeln!(out, "site {site}: {comments} comments and {tombstones} tombstones read")?;
    let corrections = [
        (*rows, "places in lists or in the queue"),
        (*counts, "set of counts"),
        (*history, "history entries"),
        (*members, "members of history entries"),
        (*feed, "end of the feed"),
        (*lessons, "number of the newest lesson"),
    ];
    for (number, what) in corrections.into_iter().filter(|(number, _)| *number > 0) {
        writeln!(out, "  corrected: {number} {what}")?;
    }
    damaged.iter().try_for_each(|id| writeln!(out, "  damaged: {id}"))?;
    if repaired.corrected() == 0 && damaged.is_empty() {
        writeln!(out, "  nothing to correct")?;
    }
    Ok(())
}

fn shown(mended: Option<&Mended>, sites: &[(SiteId, Repaired)]) -> serde_json::Value {
    let site = |(id, repaired): &(SiteId, Repaired)| {
        let Repaired { comments, tombstones, rows, counts, history, members, feed, lessons, damaged } = repaired;
        json!({
            "site": id.as_str(), "comments": comments, "tombstones": tombstones, "damaged": damaged,
            "corrected": {
                "rows": rows, "counts": counts, "history": history, "members": members, "feed": feed, "lessons": lessons,
            },
        })
    };
    let sites: Vec<_> = sites.iter().map(site).collect();
    let files = mended.map(|mended| json!({ "rebuilt": mended.rebuilt, "faults": mended.faults }));
    json!({ "files": files, "sites": sites })
}
