//! Files that a configuration is made of, read without ever waiting for one.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// The longest configuration file, in bytes.
pub(super) const MOST_CONFIG: u64 = 1024 * 1024;
/// The longest file of a secret, in bytes.
pub(super) const MOST_SECRET: u64 = 64 * 1024;

/// The text of a file of at most so many bytes; else what completes "the file …".
pub(super) fn read_text(path: &Path, most: u64) -> Result<String, String> {
    String::from_utf8(read(path, most)?).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count();
        format!("is not UTF-8 text (line {line})")
    })
}

/// The bytes of a file. A pipe is refused, because it would be empty at the second look; opening does not wait, because
/// nobody may ever write to it.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let unread = |error: io::Error| format!("cannot be read: {error}");
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(unread)?;
    let kind = file.metadata().map_err(unread)?.file_type();
    if kind.is_dir() {
        return Err("is a directory; it must be a file".to_owned());
    }
    if kind.is_fifo() || kind.is_socket() {
        return Err("is a pipe; it must be a file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() as u64 > most {
        return Err(format!("is larger than {} KiB", most / 1024));
    }
    Ok(bytes)
}
