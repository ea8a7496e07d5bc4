//! `lists import`: WordPress's keys, one a line, put where they can be meant.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::wordpress;
use crate::cli::failure::Failure;
use crate::cli::terminal::safe;
use crate::cli::{Context, DataArgs, known_site};
use crate::domain::{EntryId, ListAction, ListEntry, ListName, ListValue, Match, SiteId};
use crate::service::{self, MAX_PUT, Service};

/// How many faults are told one by one.
const TOLD: usize = 100;

/// Reads WordPress's keys into a site's lists. Addresses, e-mail addresses and domains are told by how they look; whatever
/// else there is are phrases, found as whole words.
#[derive(clap::Args)]
pub(super) struct Import {
    /// The text of Settings → Discussion → Disallowed Comment Keys, or of Comment Moderation; `-` is standard input
    #[arg(long, value_name = "FILE")]
    wordpress: PathBuf,
    /// What becomes of a comment: reject (as WordPress does by disallowed keys), hold (by moderation keys), or points
    #[arg(long, allow_hyphen_values = true)]
    action: ListAction,
    /// Find phrases within words too, as WordPress does
    #[arg(long)]
    substring: bool,
    /// Give the action also to entries that are there already, which lose their note and end
    #[arg(long)]
    replace: bool,
    /// Into which site
    #[arg(long, value_name = "SITE")]
    site: SiteId,
    #[command(flatten)]
    data: DataArgs,
}

/// The lines of a file.
#[derive(Default)]
struct Sorted {
    /// As entries of their lists, each once.
    lists: BTreeMap<ListName, Vec<ListEntry>>,
    /// The numbers of those that cannot be used, from 1, and why.
    faults: Vec<(usize, String)>,
}

/// How many lines of one list there were.
#[derive(Default)]
struct Sums {
    new: usize,
    changed: usize,
    already: usize,
    /// With another action, note or end, which stays.
    other: usize,
}

impl Import {
    pub(super) async fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let text = read(&self.wordpress)?;
        let service = self.data.open(context).await?;
        known_site(&service, &self.site).await?;
        let Sorted { lists, faults } = self.sorted(&service, &text);
        let name = self.wordpress.display().to_string();
        for (line, fault) in faults.iter().take(TOLD) {
            writeln!(io::stderr(), "moderato: {}: line {line} is left out: {}", safe(&name), safe(fault))?;
        }
        if faults.len() > TOLD {
            let more = faults.len() - TOLD;
            writeln!(io::stderr(), "moderato: {}: lines left out that are not told one by one: {more}", safe(&name))?;
        }
        let (mut sums, mut failed) = (BTreeMap::<ListName, Sums>::new(), None);
        'lists: for (list, mut entries) in lists {
            let sum = sums.entry(list).or_default();
            // Those that go together into the store are neighbours there.
            entries.sort_by_cached_key(|entry| EntryId::of(list, entry));
            for entries in entries.chunks(MAX_PUT) {
                if let Err(error) = self.write(&service, (list, entries), sum).await {
                    failed = Some(error);
                    break 'lists;
                }
            }
        }
        for (list, Sums { new, changed, already, other }) in &sums {
            let stays = format!(", {other} there with another action, note or end, which stays");
            let stays = if *other > 0 { &stays } else { "" };
            writeln!(io::stdout(), "{}: {new} new, {changed} changed, {already} there already{stays}", list.as_str())?;
        }
        if !faults.is_empty() {
            writeln!(io::stdout(), "told and left out: {}", faults.len())?;
        }
        match failed {
            Some(error) => Err(Failure::new(format!("{error}. What is counted above is in {}", self.site))),
            None if faults.is_empty() => Ok(ExitCode::SUCCESS),
            None => Ok(ExitCode::FAILURE),
        }
    }

    /// Writes some entries of a list, and counts them.
    async fn write(
        &self,
        service: &Service,
        (list, entries): (ListName, &[ListEntry]),
        sum: &mut Sums,
    ) -> Result<(), service::Error> {
        if self.replace {
            let put = service.put_entries(&self.site, list, entries.to_vec()).await?;
            sum.new += put.new;
            sum.changed += put.changed;
            sum.already += entries.len() - put.new - put.changed;
        } else {
            let moved = service.move_in_entries(&self.site, list, entries.to_vec()).await?;
            sum.new += moved.new;
            sum.already += moved.already;
            sum.other += moved.other;
        }
        Ok(())
    }

    /// The lines, each in the list where it can be meant.
    fn sorted(&self, service: &Service, text: &str) -> Sorted {
        let created_at = service.now();
        let mut sorted = Sorted::default();
        let mut seen: HashSet<(ListName, EntryId)> = HashSet::new();
        for (place, line) in text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty()) {
            let (list, value) = wordpress::sort(line);
            let value = match ListValue::try_from(value) {
                Ok(value) => value,
                Err(fault) => {
                    sorted.faults.push((place + 1, fault.to_string()));
                    continue;
                }
            };
            let kind = if self.substring && list == ListName::Phrases { Match::Substring } else { Match::Word };
            let entry = ListEntry { value, kind, action: self.action, note: None, expires_at: None, created_at };
            match service.faults_of(list, std::slice::from_ref(&entry)).first() {
                Some(fault) => sorted.faults.push((place + 1, fault.fault.to_string())),
                None if seen.insert((list, EntryId::of(list, &entry))) => {
                    sorted.lists.entry(list).or_default().push(entry);
                }
                None => {}
            }
        }
        sorted
    }
}

/// All of a file (`-`: standard input). What is no UTF-8 in it cannot be in a comment either.
fn read(path: &Path) -> Result<String, Failure> {
    /// The most bytes of a file: 65,000 lines of 500 characters of four bytes each stay below it.
    const MOST: u64 = 256 * 1024 * 1024;
    let unread = |error: io::Error| Failure::new(format!("cannot read {}: {error}", path.display()));
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes).map_err(unread)?;
    } else {
        fs::File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes)).map_err(unread)?;
    }
    if bytes.len() as u64 > MOST {
        return Err(Failure::new(format!("{} has more than {MOST} bytes (256 MiB)", path.display())));
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}
