//! How much room there is, and how much will be needed at this week's rate.

use std::path::Path;

use super::finding::{Finding, size};
use super::sample::SiteSample;
use crate::domain::{HeldExpires, Status, Timestamp};
use crate::store;

/// A day, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Ten times what is left for decisions and erasures when comments are already refused (64 MiB).
const LITTLE: u64 = 640 * 1024 * 1024;

/// Of fewer comments, the database's size says nothing about each.
const ENOUGH: u64 = 100;

/// About what a comment leaves behind when it goes, in bytes: tombstone, event and what it taught, measured on 19,984 comments of
/// distinct authors, in a database without free pages.
const LEFT_BEHIND: f64 = 720.0;

/// How the comments of one status come in.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Flow {
    /// How many there are.
    there: u64,
    /// How many more come a day.
    a_day: f64,
    /// For how many days one is kept; `None`: for ever.
    kept: Option<u32>,
    /// For how many days its tombstone is kept afterwards; `None`: for ever.
    tombstones: Option<u32>,
}

impl Flow {
    /// At most how many comments there will be after so many days, if they go on coming like this: those that are kept for
    /// ever add up, of the others there are never more than come while one is kept, once today's are gone.
    fn comments_after(self, days: u32) -> f64 {
        match self.kept {
            Some(kept) if kept <= days => self.a_day * f64::from(kept),
            Some(_) | None => self.there as f64 + self.a_day * f64::from(days),
        }
    }

    /// How many tombstones of those that come there will be then.
    fn tombstones_after(self, days: u32) -> f64 {
        let gone_for = self.kept.map_or(0, |kept| days.saturating_sub(kept));
        let counted = gone_for.min(self.tombstones.unwrap_or(u32::MAX));
        self.a_day * f64::from(counted) + if gone_for > 0 { self.there as f64 } else { 0.0 }
    }
}

/// The bytes that a store will have after so many days, at so many a comment.
fn bytes_after(days: u32, flows: &[Flow], each: f64) -> f64 {
    flows.iter().map(|flow| flow.comments_after(days) * each + flow.tombstones_after(days) * LEFT_BEHIND).sum()
}

/// What there is to say of the disk.
pub(super) fn findings(data_dir: &Path, sites: &[SiteSample], now: Timestamp) -> Vec<Finding> {
    let there = data_dir.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let free = there.into_iter().find(|path| path.is_dir()).and_then(|path| rustix::fs::statvfs(path).ok());
    let Some(free) = free.map(|state| state.f_bavail.saturating_mul(state.f_frsize)) else {
        return vec![Finding::warning("disk.free", "the free space of the data directory cannot be told")];
    };
    let bytes = |name: &str| std::fs::metadata(data_dir.join(name)).map_or(0, |data| data.len());
    let files = bytes("moderato.db") + bytes("moderato.db-wal");
    // A store that does not open has told so already.
    let in_use = if sites.is_empty() { 0 } else { store::bytes_in_use(data_dir).unwrap_or_default() };
    let flows = flows(sites, now);
    let mut found = vec![of_free(free)];
    found.extend(of_growth(Store { files, in_use, free }, &flows));
    found
}

fn of_free(free: u64) -> Finding {
    let says = format!("{} are free where the data is", size(free));
    match free < LITTLE {
        true => Finding::warning("disk.free", format!("only {says}; below 64 MiB comments are refused"))
            .change("free space there, or name a larger disk: data_dir = \"DIR\""),
        false => Finding::ok("disk.free", says),
    }
}

/// What the store takes, and what it still may, in bytes.
#[derive(Clone, Copy, Debug)]
struct Store {
    /// Its files, among them its log, whose length says nothing about comments.
    files: u64,
    in_use: u64,
    free: u64,
}

fn of_growth(store: Store, flows: &[Flow]) -> Option<Finding> {
    const YEAR: u32 = 365;
    let (there, a_day) =
        (flows.iter().map(|flow| flow.there).sum::<u64>(), flows.iter().map(|flow| flow.a_day).sum::<f64>());
    let used = size(store.files);
    if there < ENOUGH {
        let says = format!("its files have {used}; too few comments to tell what it will have");
        return (store.files > 0).then(|| Finding::ok("disk.growth", says));
    }
    let each = store.in_use as f64 / there as f64;
    let after = |days| bytes_after(days, flows, each) as u64;
    let says = format!(
        "its files have {used}, {} a comment; if {a_day:.1} comments a day go on coming, it will have at most {} in a year",
        size(each as u64),
        size(after(YEAR))
    );
    let room = store.files.saturating_add(store.free);
    let full = (1..=YEAR).find(|days| after(*days) > room);
    Some(match full {
        Some(days) => Finding::warning("disk.growth", format!("{says}: the disk is full in {days} days"))
            .change("enlarge the disk, or keep comments for a shorter time: policy.keep.rejected = 15"),
        None => Finding::ok("disk.growth", says),
    })
}

/// How the comments of all sites come in, by what the latest ones tell: of those of the last seven days, or of as many days as
/// they reach back.
fn flows(sites: &[SiteSample], now: Timestamp) -> Vec<Flow> {
    let week = now.plus_millis(-7 * DAY);
    let of_site = |site: &SiteSample| Status::ALL.map(|status| flow(site, status, a_day(site, status, week, now)));
    sites.iter().flat_map(of_site).collect()
}

fn flow(site: &SiteSample, status: Status, a_day: f64) -> Flow {
    let (counts, keep) = (site.counts, &site.keep);
    let (there, days) = match status {
        Status::Approved => (counts.approved, keep.approved),
        Status::Held => (counts.held, if keep.held_expires == HeldExpires::Keep { 0 } else { keep.held }),
        Status::Rejected => (counts.rejected, keep.rejected),
    };
    let unless_for_ever = |days: u32| (days > 0).then_some(days);
    Flow { there, a_day, kept: unless_for_ever(days), tombstones: unless_for_ever(keep.tombstones) }
}

fn a_day(site: &SiteSample, status: Status, week: Timestamp, now: Timestamp) -> f64 {
    // Old comments that were brought along all came on one day.
    let new = site.latest.iter().filter(|comment| comment.submission.decided.is_none());
    let oldest = new.clone().map(|comment| comment.received_at).min().unwrap_or(week);
    // Where there are no earlier ones, an hour's comments are no measure of a day's.
    let shortest = if site.is_all { DAY } else { DAY / 24 };
    let since = oldest.max(week);
    let days = (now.millis() - since.millis()).max(shortest) as f64 / DAY as f64;
    let recent = new.filter(|comment| comment.received_at >= since && comment.status == status);
    recent.count() as f64 / days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Level;

    const MIB: u64 = 1024 * 1024;

    /// Half of them approved, a tenth held, the rest rejected, each kept for so many days.
    fn flows(there: u64, a_day: f64, kept: [Option<u32>; 3]) -> Vec<Flow> {
        let shares = [0.5, 0.1, 0.4].into_iter().zip(kept);
        let flow = |(share, kept)| Flow {
            there: (there as f64 * share) as u64,
            a_day: a_day * share,
            kept,
            tombstones: Some(100),
        };
        shares.map(flow).collect()
    }

    #[test]
    fn what_is_kept_for_ever_adds_up_and_the_rest_comes_to_a_stand() {
        let comments = |days, kept| flows(1_000, 100.0, kept).iter().map(|flow| flow.comments_after(days)).sum::<f64>();
        assert_eq!(comments(0, [None; 3]), 1_000.0);
        assert_eq!(comments(365, [None; 3]), 37_500.0);
        let keep = [Some(90), None, Some(15)];
        // Approved: 50 a day for 90 days. Held: 100 there and 10 a day. Rejected: 40 a day for 15 days.
        assert_eq!(comments(365, keep), 4_500.0 + (100.0 + 3_650.0) + 600.0);
        // Before the first go: all that are there, and all that came.
        assert_eq!(comments(10, keep), 2_000.0);
        // What goes leaves a tombstone for a hundred days; those that are there now are counted to the end.
        let tombstones = |days| flows(1_000, 100.0, keep).iter().map(|flow| flow.tombstones_after(days)).sum::<f64>();
        assert_eq!(tombstones(10), 0.0);
        assert_eq!(tombstones(16), 40.0 + 400.0);
        assert_eq!(tombstones(365), (5_000.0 + 500.0) + (4_000.0 + 400.0));
        assert_eq!(bytes_after(10, &flows(1_000, 100.0, keep), 5.0), 10_000.0);
        assert_eq!(bytes_after(16, &flows(1_000, 0.0, keep), 5.0), 600.0 * 5.0 + 400.0 * LEFT_BEHIND);
    }

    #[test]
    fn a_disk_that_will_be_full_is_told_with_the_day() {
        let level = |free, a_day| {
            let found =
                of_growth(Store { files: 10 * MIB, in_use: 10 * MIB, free }, &flows(1_000, a_day, [None; 3])).unwrap();
            (found.level, found.found)
        };
        assert_eq!(level(100_000 * MIB, 100.0).0, Level::Ok);
        // 10 MiB for 1,000 comments; room for 2,000 more, of which 100 come a day.
        let (told, found) = level(20 * MIB, 100.0);
        assert!(told == Level::Warning && found.ends_with("the disk is full in 21 days"), "{found}");
        assert_eq!(level(20 * MIB, 0.0).0, Level::Ok);
        let few = of_growth(Store { files: 1, in_use: 1, free: 0 }, &flows(10, 1e9, [None; 3])).unwrap();
        assert_eq!(few.level, Level::Ok, "{few:?}");
    }

    #[test]
    fn little_room_is_told() {
        assert_eq!(of_free(LITTLE - 1).level, Level::Warning);
        assert_eq!(of_free(LITTLE).level, Level::Ok);
    }
}
