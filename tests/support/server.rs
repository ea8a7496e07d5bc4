//! The built program, started as an operator starts it, on a free port over a folder of its own.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running `moderato serve`. Dropping it kills it.
pub struct Server {
    pub address: SocketAddr,
    pub child: Child,
}

/// The limits that no run reaches: they are on, but one program sends what a thousand people would.
const ROOMY: [&str; 6] = [
    "LIMITS__KEY",
    "LIMITS__SITE",
    "POLICY__LIMITS__ADDRESS",
    "POLICY__LIMITS__NETWORK",
    "POLICY__LIMITS__AUTHOR",
    "POLICY__LIMITS__POST",
];

fn roomy(name: &str) -> String {
    let quota = "{ count = 1000000, seconds = 1, burst = 1000000 }";
    if name.starts_with("POLICY") { format!("[{quota}]") } else { quota.to_owned() }
}

/// How the program is started.
#[derive(Clone, Default)]
pub struct Launch {
    /// Put before the program's own command line (`strace` and its arguments, say).
    pub wrapper: Vec<String>,
    /// Settings by environment variable.
    pub settings: Vec<(String, String)>,
}

impl Server {
    /// Starts the program over `data` and waits until it is ready. `None` if it ended before.
    pub fn start(data: &Path, launch: &Launch) -> Option<Server> {
        let address = free_address();
        let program = env!("CARGO_BIN_EXE_moderato");
        let mut line = launch.wrapper.clone();
        line.extend([program, "serve", "--data"].map(str::to_owned));
        line.push(data.to_str().unwrap().to_owned());
        let mut child = Command::new(&line[0])
            .args(&line[1..])
            .env("MODERATO__HTTP__LISTEN", address.to_string())
            .env("MODERATO__LOG__LEVEL", "warn")
            .envs(ROOMY.iter().map(|name| (format!("MODERATO__{name}"), roomy(name))))
            .envs(launch.settings.iter().cloned())
            .stdout(Stdio::null())
            .stderr(log_beside(data))
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while !is_ready(address) {
            if child.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the server is not ready after a minute");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Server { address, child })
    }

    /// Ends it at once, as a power failure of the process would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key that the first start left in the data folder: `operator` or `site demo`.
pub fn first_key(data: &Path, name: &str) -> String {
    let path: PathBuf = data.join("first-keys.txt");
    let text = fs::read_to_string(&path).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no key {name} in {}", path.display())).to_owned()
}

fn is_ready(address: SocketAddr) -> bool {
    let mut client = super::client::Client::new(address, "");
    TcpStream::connect(address).is_ok() && client.get("/readyz").is_ok_and(|answer| answer.status == 200)
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn log_beside(data: &Path) -> Stdio {
    let path = data.with_extension("log");
    fs::File::options().create(true).append(true).open(path).map_or_else(|_| Stdio::null(), Stdio::from)
}
