//! Power cuts: Redis on a file system in a file, and that file copied while everything stands still. The copy has what reached
//! the disk, and nothing that only the memory of this machine had.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::load::{Load, Manners, at};
use super::table::{Kind, Row, Scale};
use crate::redis::{DURABLE, EVERYSEC, Program, Server};

/// The power fails, and what is on the disk is started again.
pub fn power_cut(scale: &Scale) -> Vec<Row> {
    if !can_mount() {
        let left_out = std::env::var_os("MODERATO_WITHOUT_MOUNTS").is_some();
        assert!(left_out, "needs root, mkfs.ext4 and loop mounts; MODERATO_WITHOUT_MOUNTS=1 leaves it out");
        println!("| power cut | left out |");
        return Vec::new();
    }
    let mut rows: Vec<Row> = (1..=scale.power_cuts).map(|number| cut(number, "fsync", Kind::Run)).collect();
    rows.push(cut(1, "relaxed", Kind::Control));
    rows
}

fn cut(number: usize, durability: &str, kind: Kind) -> Row {
    let disk = Disk::new();
    let options = if durability == "fsync" { &DURABLE } else { &EVERYSEC };
    let mut redis = Server::absent(Program::Redis, options);
    let mounted = Mounted::at(&disk.image, redis.directory.path());
    redis.restart();
    let mut load = Load::start(at(&redis.url(), durability), Manners::SameKey);
    load.wait_for_more(500 + number * 97 % 400);
    thread::sleep(Duration::from_millis(300 + number as u64 * 137 % 700));
    redis.pause();
    // What is on its way to the clients arrives; from here on nobody can acknowledge anything.
    thread::sleep(Duration::from_millis(50));
    load.abandon();
    let until = Instant::now();
    let copy = disk.folder.path().join("copy");
    std::fs::copy(&disk.image, &copy).unwrap();
    redis.kill();
    drop(mounted);
    let mut redis = Server::absent(Program::Redis, options);
    let mounted = Mounted::at(&copy, redis.directory.path());
    let began = Instant::now();
    redis.restart();
    load.finish();
    load.launch.settings = at(&redis.url(), durability);
    load.restart_service();
    let opened = began.elapsed();
    let name = match kind {
        Kind::Run => format!("power cut {number} (open again after {} ms)", opened.as_millis()),
        Kind::Control => "power cut with appendfsync everysec".to_owned(),
    };
    let mut row = Row::audited(&name, kind, &load, until);
    row.demand(opened < Duration::from_secs(30), || format!("open only after {} ms", opened.as_millis()));
    drop(load);
    redis.kill();
    drop(mounted);
    row
}

/// A file that is a disk of 256 MiB.
struct Disk {
    folder: tempfile::TempDir,
    image: PathBuf,
}

/// A mounted disk. It is unmounted with its owner.
struct Mounted(PathBuf);

impl Disk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("disk");
        std::fs::File::create(&image).unwrap().set_len(256 << 20).unwrap();
        assert!(run("mkfs.ext4", &["-q", "-F", image.to_str().unwrap()]));
        Self { folder, image }
    }
}

impl Mounted {
    fn at(image: &Path, place: &Path) -> Self {
        assert!(run("mount", &["-o", "loop", image.to_str().unwrap(), place.to_str().unwrap()]));
        Self(place.to_owned())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A process that was just killed may hold it a moment longer.
        for _ in 0..100 {
            if run("umount", &[self.0.to_str().unwrap()]) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn can_mount() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("try");
    std::fs::File::create(&image).unwrap().set_len(4 << 20).unwrap();
    let image = image.to_str().unwrap();
    let place = folder.path().join("place");
    std::fs::create_dir(&place).unwrap();
    let place = place.to_str().unwrap();
    run("mkfs.ext4", &["-q", "-F", image]) && run("mount", &["-o", "loop", image, place]) && run("umount", &[place])
}

fn run(program: &str, words: &[&str]) -> bool {
    Command::new(program).args(words).output().is_ok_and(|output| output.status.success())
}
