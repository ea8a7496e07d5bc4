//! Certificates for servers that speak TLS.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Program, Server, place};

/// An authority, another one that signed nothing, and a certificate for 127.0.0.1 by the first.
pub struct Certificates {
    directory: TempDir,
}

impl Certificates {
    pub fn make() -> Self {
        let directory = place::directory();
        let openssl = |arguments: &str| {
            let run = Command::new("openssl").args(arguments.split(' ')).current_dir(directory.path()).output();
            let run = run.expect("openssl is installed");
            assert!(run.status.success(), "{arguments}: {}", String::from_utf8_lossy(&run.stderr));
        };
        let names = "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n";
        std::fs::write(directory.path().join("names"), names).unwrap();
        let new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        for ca in ["ca", "other"] {
            openssl(&format!("req -x509 {new} -keyout {ca}.key -out {ca}.crt -days 2 -subj /CN={ca}"));
        }
        openssl(&format!("req -new {new} -keyout redis.key -out redis.csr -subj /CN=redis"));
        openssl(
            "x509 -req -in redis.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out redis.crt -days 2 -extfile names",
        );
        Self { directory }
    }

    /// The authority that signed.
    pub fn ca(&self) -> PathBuf {
        self.file("ca.crt")
    }

    /// An authority that did not.
    pub fn other_ca(&self) -> PathBuf {
        self.file("other.crt")
    }

    /// A server that speaks nothing but TLS, with these options besides; its URL begins with `rediss:`.
    pub fn serve(&self, options: &[&str]) -> (Server, String) {
        let text = |name: &str| self.file(name).display().to_string();
        let (certificate, key, ca) = (text("redis.crt"), text("redis.key"), text("ca.crt"));
        let tls = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &ca];
        let mut all = vec!["--tls-auth-clients", "no"];
        all.extend(tls);
        all.extend(options);
        for _ in 0..5 {
            let mut server = Server::absent(Program::Redis, &all);
            // The first options say the port in plain text; the last word counts.
            let port = server.port.to_string();
            server.add_options(&["--port", "0", "--tls-port", &port]);
            if server.try_restart().is_ok() {
                let url = format!("rediss://{}", server.address());
                return (server, url);
            }
        }
        panic!("no port for a server that speaks TLS");
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::new(self.directory.path()).join(name)
    }
}
