//! A proxy in front of the service, as `SECURITY.md` configures it, on a free port and out of a folder of its own.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::client::Client;

/// A running proxy. Dropping it ends it.
pub struct Front {
    pub address: SocketAddr,
    child: Child,
}

/// How a proxy is started: before which service, with its files in which folder.
pub type Starts = fn(SocketAddr, &Path) -> Front;

impl Front {
    /// nginx, in one process, so that all requests share its connections to the service.
    pub fn nginx(service: SocketAddr, folder: &Path) -> Front {
        let (address, here) = (free_address(), folder.display());
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|name| format!("    {name}_temp_path {here}/{name};\n"))
            .collect();
        let settings = format!(
            "daemon off;\nmaster_process off;\npid {here}/nginx.pid;\nerror_log {here}/nginx-error.log info;\n\
             events {{ worker_connections 512; }}\nhttp {{\n{temporary}    access_log off;\n\
             {}}}\n",
            include_str!("nginx.conf").replace("SERVICE", &service.to_string()).replace("LISTEN", &address.to_string())
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, settings).unwrap();
        let mut command = Command::new(installed("nginx", "-v"));
        command.arg("-e").arg(folder.join("nginx-start.log")).arg("-p").arg(folder).arg("-c").arg(&file);
        Front::started(command, address)
    }

    /// haproxy, in one thread, so that all requests share its connections to the service.
    pub fn haproxy(service: SocketAddr, folder: &Path) -> Front {
        let address = free_address();
        let settings = include_str!("haproxy.cfg")
            .replace("SERVICE", &service.to_string())
            .replace("LISTEN", &address.to_string());
        let file = folder.join("haproxy.cfg");
        fs::write(&file, format!("global\n    nbthread 1\n\n{settings}")).unwrap();
        let mut command = Command::new(installed("haproxy", "-v"));
        command.arg("-db").arg("-f").arg(&file);
        Front::started(command, address)
    }

    fn started(mut command: Command, address: SocketAddr) -> Front {
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while !Client::new(address, "").get("/readyz").is_ok_and(|answer| answer.status == 200) {
            assert!(child.try_wait().unwrap().is_none(), "{command:?} ended");
            assert!(begun.elapsed() < Duration::from_secs(30), "{command:?} is not ready after half a minute");
            std::thread::sleep(Duration::from_millis(20));
        }
        Front { address, child }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program's path. Debian keeps it where only root looks.
fn installed(name: &str, question: &str) -> String {
    let places = [name.to_owned(), format!("/usr/sbin/{name}")];
    let is_there =
        |path: &String| Command::new(path).arg(question).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    places.into_iter().find(is_there).unwrap_or_else(|| {
        panic!(
            "{name} is not installed: `apt-get install nginx-light haproxy` (tests/all does it), \
             or set MODERATO_WITHOUT_PROXIES=1 to leave the proxies out"
        )
    })
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
