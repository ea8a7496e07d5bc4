//! Where servers run: a free port, a directory, and a bond that ends them with the test process, even if that is killed.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{LazyLock, Mutex};

use tempfile::TempDir;

/// How much room there must be in memory before servers keep their files there.
const ROOM: u64 = 2 << 30;

/// A command of this program whose process ends when the thread that starts it ends.
pub fn bound(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", program]).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// A command, and whom its process is told.
type Order = (Command, Sender<Child>);

/// Starts a bound command on a thread that lives as long as this process.
pub fn spawn(command: Command) -> Child {
    static STARTER: LazyLock<Mutex<Sender<Order>>> = LazyLock::new(|| {
        let (sender, orders): (_, Receiver<Order>) = channel();
        std::thread::spawn(move || {
            for (mut command, answer) in orders {
                let _ = answer.send(command.spawn().expect("setpriv (util-linux) is installed"));
            }
        });
        Mutex::new(sender)
    });
    let (answer, started) = channel();
    STARTER.lock().unwrap().send((command, answer)).unwrap();
    started.recv().expect("setpriv (util-linux) is installed")
}

/// A directory for one server, below one that goes away after this process.
pub fn directory() -> TempDir {
    static PLACE: LazyLock<Place> = LazyLock::new(Place::new);
    tempfile::tempdir_in(&PLACE.path).unwrap()
}

/// The directory of all servers of this process, and the shell that removes it once this process is gone.
struct Place {
    path: PathBuf,
    _remover: Mutex<Child>,
}

impl Place {
    fn new() -> Self {
        // In memory where there is room: then each write's fsync is there, but costs no time.
        let memory = Path::new("/dev/shm");
        let room = rustix::fs::statvfs(memory).map_or(0, |stat| stat.f_bavail * stat.f_frsize);
        let parent = if room >= ROOM { memory.to_owned() } else { std::env::temp_dir() };
        let path = tempfile::Builder::new().prefix("moderato-redis-").tempdir_in(parent).unwrap().keep();
        // Its input ends with this process. The servers end at the same time and may still write for a moment.
        let script =
            "trap '' INT TERM HUP; cat >/dev/null; for n in 1 2 3 4 5; do rm -rf \"$0\" && exit; sleep 0.2; done";
        let mut remover = Command::new("sh");
        remover.args(["-c", script]).arg(&path).stdin(Stdio::piped()).stdout(Stdio::null());
        let remover = Mutex::new(remover.spawn().unwrap());
        Self { path, _remover: remover }
    }
}

/// A port of nobody's, with one for a cluster's bus 10000 above it. Both lie below those that connections are given, so only
/// another test can take it before it is used, and then the server says so.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 199).unwrap() * 50;
    loop {
        let port = 11_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed) % 10_000) % 10_000;
        if [port, port + 10_000].iter().all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()) {
            return port;
        }
    }
}
