//! Whether what was answered survives: on what kind of file system the data lies.

use std::path::Path;

use super::finding::Finding;

/// What there is to say of the file system; of the nearest folder above, where the data directory is not there yet.
pub(super) fn findings(data_dir: &Path) -> Vec<Finding> {
    let there = data_dir.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let Some(there) = there.into_iter().find(|path| path.is_dir()) else { return Vec::new() };
    let kind = kind_of(there);
    let mut found: Vec<Finding> = kind.and_then(of_kind).into_iter().collect();
    if found.is_empty() {
        let says = "an answer is given once the disk has what it says (SQLite, write-ahead log, synchronous = FULL)";
        found.push(Finding::ok("durability.disk", says));
    }
    found
}

/// The number by which the system knows the kind of a file system.
#[cfg(target_os = "linux")]
fn kind_of(folder: &Path) -> Option<u32> {
    // The numbers are 32 bits; how wide the field is differs from machine to machine.
    rustix::fs::statfs(folder).ok().map(|state| state.f_type as u32)
}

#[cfg(not(target_os = "linux"))]
fn kind_of(_: &Path) -> Option<u32> {
    None
}

/// What is wrong with a kind of file system (the numbers of `statfs(2)`).
fn of_kind(kind: u32) -> Option<Finding> {
    let volatile = |name: &str| {
        let found = format!("the data directory is on {name}, in memory: it is gone after a restart of the machine");
        Finding::problem("durability.memory", found)
            .change("data_dir = \"DIR\" on a local disk, such as /var/lib/moderato")
    };
    let network = |name: &str| {
        let found = format!("the data directory is on {name}, over the network: SQLite's locks do not hold there");
        Finding::problem("durability.network", found)
            .change("data_dir = \"DIR\" on a local disk, such as /var/lib/moderato")
    };
    match kind {
        0x0102_1994 => Some(volatile("tmpfs")),
        0x8584_58f6 => Some(volatile("ramfs")),
        0x6969 => Some(network("NFS")),
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => Some(network("SMB")),
        0x00c3_6400 => Some(network("Ceph")),
        0x0102_1997 => Some(network("9p")),
        0x794c_7630 => {
            let found = "the data directory is in a container's own layer (overlay): it is gone with the container";
            let mount = "mount a volume there: `docker run -v moderato:/data …`, or `volumes: [\"data:/data\"]` in a compose file";
            Some(Finding::warning("durability.overlay", found).change(mount))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Level;

    #[test]
    fn file_systems_that_lose_data_are_told_and_disks_are_not() {
        for (kind, level) in [
            (0x0102_1994, Some(Level::Problem)),
            (0x8584_58f6, Some(Level::Problem)),
            (0x6969, Some(Level::Problem)),
            (0x794c_7630, Some(Level::Warning)),
            (0xef53, None),
            (0x5846_5342, None),
            (0x9123_683e, None),
        ] {
            assert_eq!(of_kind(kind).map(|finding| finding.level), level, "{kind:x}");
        }
    }

    #[test]
    fn a_directory_that_is_not_there_yet_lies_where_it_will_be() {
        let folder = tempfile::tempdir().unwrap();
        let (there, not_yet) = (findings(folder.path()), findings(&folder.path().join("a/b")));
        assert_eq!((there.len(), &there), (1, &not_yet));
        assert_eq!(findings(Path::new("not-there")).len(), 1);
    }
}
