//! `export`: a site as lines of JSON, also beside a running service.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::leaving::{CommentRecord, End, EntryRecord, FORMAT, Line, TombstoneRecord, counted};
use super::lists;
use super::progress::Progress;
use super::{Context, DataArgs, block_on, known_site};
use crate::domain::{CommentId, ListName, SiteId};
use crate::service::Service;

/// Writes a site as lines of JSON: its comments with verdicts and decisions, what is left of those that are gone, its lists,
/// and the policy it overrides. Keys, the feed and what is remembered of comments that are gone stay behind.
#[derive(clap::Args)]
pub(super) struct Export {
    /// Which site
    #[arg(long, value_name = "SITE")]
    site: SiteId,
    /// Where to write, readable for you alone [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "out")]
    force: bool,
    #[command(flatten)]
    data: DataArgs,
}

impl Export {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        if self.out.is_none() && context.terminal.watched {
            return Err(Failure::Usage("an export is not for a terminal: name a file with --out".to_owned()));
        }
        block_on(async {
            let service = self.data.open(context).await?;
            known_site(&service, &self.site).await?;
            let progress = Progress::new(context);
            match &self.out {
                None => {
                    let mut out = Out::new(BufWriter::new(io::stdout().lock()));
                    let written = out.site((&service, &self.site), progress).await?;
                    out.writer.flush()?;
                    written.tell()
                }
                Some(path) => {
                    let part = self.part(path)?;
                    let mut out = Out::new(BufWriter::new(part.file()?));
                    let written =
                        out.site((&service, &self.site), progress).await.map_err(|error| part.failed(error))?;
                    let ended = out.writer.into_inner().map_err(|error| Failure::from(error.into_error()));
                    ended.and_then(|file| part.put(&file)).map_err(|error| part.failed(error))?;
                    written.tell()
                }
            }
        })
    }
}

impl Export {
    /// The file to be, if its name is free or to be taken.
    fn part<'a>(&self, path: &'a Path) -> Result<Part<'a>, Failure> {
        if !self.force && fs::symlink_metadata(path).is_ok_and(|found| !found.is_dir()) {
            return Err(Failure::new(format!("{} is there already; --force replaces it", path.display())));
        }
        Part::beside(path)
    }
}

/// What was written.
struct Written {
    end: End,
    damaged: Vec<CommentId>,
}

impl Written {
    /// Tells of it on standard error, as standard output may be the export.
    fn tell(&self) -> Result<ExitCode, Failure> {
        let End { comments, tombstones, entries, .. } = self.end;
        for id in &self.damaged {
            writeln!(io::stderr(), "moderato: comment {id} is damaged and not in the export; it can only be erased")?;
        }
        writeln!(io::stderr(), "exported {}", counted(comments, tombstones, entries))?;
        Ok(if self.damaged.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Where lines go, and what the last one will say of them.
struct Out<W> {
    writer: W,
    hash: Sha256,
    line: Vec<u8>,
}

impl<W: Write> Out<W> {
    fn new(writer: W) -> Self {
        Self { writer, hash: Sha256::new(), line: Vec::new() }
    }

    /// Everything of a site but what came in after the start.
    async fn site(&mut self, (service, site): (&Service, &SiteId), mut progress: Progress) -> Result<Written, Failure> {
        let start = service.now();
        let policy = service.policy(site).await?.overrides.0;
        self.line(&Line::Header { export: "moderato", format: FORMAT, policy: &policy })?;
        let (mut end, mut damaged) = (End::default(), Vec::new());
        // A comment that goes while this runs must not be in it twice, as a comment and as a tombstone. 16 bytes each.
        let mut written = HashSet::new();
        let mut after = None;
        loop {
            let page = service.leaving(site, after).await?;
            damaged.extend(page.damaged);
            for comment in page.items.iter().filter(|comment| comment.received_at < start) {
                self.line(&Line::Comment { comment: Box::new(CommentRecord::from(comment)) })?;
                written.insert(comment.id);
                end.comments += 1;
                progress.step();
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut after = None;
        loop {
            let page = service.leaving_tombstones(site, after).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for tombstone in &page {
                if tombstone.received_at < start && !written.contains(&tombstone.id) {
                    self.line(&Line::Tombstone { tombstone: TombstoneRecord::from(tombstone) })?;
                    end.tombstones += 1;
                }
            }
        }
        for list in ListName::ALL {
            for (_, entry) in lists::all(service, site, list).await? {
                self.line(&Line::Entry { entry: EntryRecord::of(list, &entry) })?;
                end.entries += 1;
            }
        }
        progress.end();
        end.sha256 = data_encoding::HEXLOWER.encode(&self.hash.clone().finalize());
        self.line(&Line::End { end: end.clone() })?;
        Ok(Written { end, damaged })
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), Failure> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line)?;
        self.line.push(b'\n');
        self.hash.update(&self.line);
        self.writer.write_all(&self.line)?;
        Ok(())
    }
}

/// A file that has its name only when it is whole.
struct Part<'a> {
    to: &'a Path,
    part: PathBuf,
}

impl<'a> Part<'a> {
    fn beside(to: &'a Path) -> Result<Self, Failure> {
        let shown = to.display();
        if to.is_dir() {
            return Err(Failure::new(format!("{shown} is a directory; name a file")));
        }
        let name = to.file_name().ok_or_else(|| Failure::new(format!("{shown} names no file")))?;
        let mut part = name.to_owned();
        part.push(format!(".{}.part", std::process::id()));
        Ok(Self { to, part: to.with_file_name(part) })
    }

    fn file(&self) -> Result<File, Failure> {
        let made = File::options().write(true).create_new(true).mode(0o600).open(&self.part);
        made.map_err(|error| Failure::new(format!("cannot make {}: {error}", self.part.display())))
    }

    /// Gives the file its name, once it is on the disk.
    fn put(&self, file: &File) -> Result<(), Failure> {
        let folder = self.to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let put = || {
            file.sync_all()?;
            fs::rename(&self.part, self.to)?;
            File::open(folder)?.sync_all()
        };
        put().map_err(|error| Failure::new(format!("cannot write {}: {error}", self.to.display())))
    }

    /// Leaves nothing behind.
    fn failed(&self, failure: Failure) -> Failure {
        // What cannot be removed is named by its ending.
        let _ = fs::remove_file(&self.part);
        failure
    }
}
