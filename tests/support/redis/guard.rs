//! What servers ask of those who come: a password, TLS, both or nothing.

use std::sync::Arc;

use super::Certificates;

/// What a server asks, and gives its like.
#[derive(Clone, Default)]
pub struct Guard {
    pub password: Option<String>,
    /// Nothing but TLS is spoken.
    pub certificates: Option<Arc<Certificates>>,
}

impl Guard {
    /// Only TLS.
    pub fn tls() -> Self {
        Self { password: None, certificates: Some(Arc::new(Certificates::make())) }
    }

    /// Only this password.
    pub fn password(password: &str) -> Self {
        Self { password: Some(password.to_owned()), certificates: None }
    }

    /// The settings of a server on this port, by name.
    pub(super) fn lines(&self, port: u16) -> Vec<(&'static str, String)> {
        let mut lines = match &self.certificates {
            None => vec![("port", port.to_string())],
            Some(certificates) => {
                let mut lines = vec![("port", "0".to_owned()), ("tls-port", port.to_string())];
                lines.extend(certificates.lines());
                lines
            }
        };
        lines.extend(self.password.iter().map(|password| ("requirepass", password.clone())));
        lines
    }

    /// What redis-cli is told before the command.
    pub(super) fn of_cli(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(password) = &self.password {
            words.extend(["--no-auth-warning".to_owned(), "-a".to_owned(), password.clone()]);
        }
        if let Some(certificates) = &self.certificates {
            words.extend(["--tls".to_owned(), "--cacert".to_owned(), certificates.ca().display().to_string()]);
        }
        words
    }

    /// What the scheme of a store's URL begins with.
    pub(super) fn scheme(&self) -> &'static str {
        if self.certificates.is_some() { "rediss" } else { "redis" }
    }

    /// What stands before the servers in a store's URL.
    pub(super) fn credentials(&self) -> String {
        self.password.as_ref().map_or_else(String::new, |password| format!(":{password}@"))
    }
}
