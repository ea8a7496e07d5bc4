//! Certificates for servers that speak TLS.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::place;

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

    /// The settings of a server, or a Sentinel, that speaks TLS with everybody.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let file = |name: &str| self.file(name).display().to_string();
        vec![
            ("tls-cert-file", file("redis.crt")),
            ("tls-key-file", file("redis.key")),
            ("tls-ca-cert-file", file("ca.crt")),
            ("tls-auth-clients", "no".to_owned()),
            ("tls-replication", "yes".to_owned()),
        ]
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::new(self.directory.path()).join(name)
    }
}
