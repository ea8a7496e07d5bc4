//! `serve`: runs the service, and its first lines say what there is to know.

mod first_keys;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::failure::Failure;
use super::{Context, DataArgs, block_on, plural};
use crate::app::{App, Configured};
use crate::http::{DemoSettings, PublicUrl};
use crate::service::{self, FIRST_SITE, FirstKeys, Service};
use crate::telemetry::{self, Colours};

/// Runs until SIGTERM or SIGINT.
#[derive(clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    data: DataArgs,
}

impl Serve {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let configured = Configured::read(&self.data.sources(context))?;
        let settings = &configured.loaded().settings;
        let colours = if context.terminal.talk_styled { Colours::Shown } else { Colours::Left };
        telemetry::start(&settings.log, colours);
        let data_dir = settings.data_dir.clone();
        let (public_url, demo) = (settings.http.public_url.clone(), settings.demo.clone());
        let watched = context.terminal.watched;
        block_on(async {
            let (mut first, mut trouble) = (None, None);
            let started = App::start(configured, |keys| {
                if !watched {
                    first_keys::write(&data_dir, keys).map_err(|failure| {
                        let reason = failure.to_string();
                        trouble = Some(failure);
                        service::Error::Internal(reason)
                    })?;
                }
                first = Some(keys.clone());
                Ok(())
            });
            let started = started.await;
            if let Some(failure) = trouble {
                return Err(failure);
            }
            let app = started?;
            let start = Start { address: app.address(), public_url, demo, data_dir, first, watched };
            let lines = start.lines(app.service()).await?;
            // A service whose first lines nobody reads serves all the same.
            let mut out = io::stdout().lock();
            let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
            drop(out);
            Ok(app.run().await?)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What the first lines tell.
struct Start {
    address: SocketAddr,
    public_url: PublicUrl,
    demo: DemoSettings,
    data_dir: PathBuf,
    first: Option<FirstKeys>,
    watched: bool,
}

impl Start {
    async fn lines(&self, service: &Service) -> Result<String, Failure> {
        let url = format!("http://{}", reachable(self.address));
        let kept = first_keys::path(&self.data_dir);
        let mut lines = format!("moderato {}, a comment moderation service\n", env!("CARGO_PKG_VERSION"));
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "listening  http://{}", self.address);
        if let Some(public) = self.public_url.base() {
            let _ = writeln!(lines, "reached    {public}");
        }
        let _ = writeln!(lines, "data       {}", self.found(service).await?);
        match &self.first {
            Some(keys) if self.watched => {
                let _ = writeln!(lines, "keys       shown only now, so keep them:");
                for (whose, key) in first_keys::of(keys) {
                    let _ = writeln!(lines, "           {whose}: {key}");
                }
            }
            Some(_) => {
                let _ = writeln!(lines, "keys       in {}, readable for you alone", kept.display());
            }
            None if kept.is_file() => {
                let _ = writeln!(lines, "keys       those of the first start are in {}", kept.display());
            }
            None => {
                let _ = writeln!(lines, "keys       `moderato keys create --site SITE` makes another one");
            }
        }
        // What answers this machine alone is named by the address that this machine uses.
        let public = self.public_url.base().unwrap_or(&url);
        let demo = if self.demo.enabled { public } else { &url };
        let _ = writeln!(
            lines,
            "pages      {demo}/demo (a post to comment on), {public}/docs (how to call it), {url}/metrics"
        );
        let _ = writeln!(lines, "try        {}", self.curl(&url, &kept));
        Ok(lines)
    }

    /// Where the data is, and whether it was there before.
    async fn found(&self, service: &Service) -> Result<String, Failure> {
        let place = self.data_dir.display();
        if self.first.is_some() {
            return Ok(format!("{place}, new, with the site {FIRST_SITE}"));
        }
        let sites = service.sites().await?;
        let comments: u64 = sites.iter().map(|site| site.counts).map(|c| c.approved + c.held + c.rejected).sum();
        let waiting: u64 = sites.iter().map(|site| site.counts.open).sum();
        let (s, c) = (plural(sites.len() as u64, "site"), plural(comments, "comment"));
        Ok(format!("{place}, found again: {s}, {c}, {waiting} waiting for a moderator"))
    }

    /// One line to paste that submits a comment to the demo site.
    fn curl(&self, url: &str, kept: &Path) -> String {
        let key = match &self.first {
            Some(keys) if self.watched => keys.site.reveal(),
            None if !kept.is_file() => "$MODERATO_KEY".to_owned(),
            _ => format!("$(sed -n 's/^site {FIRST_SITE}: //p' {})", quoted(&kept.display().to_string())),
        };
        let comment = r#"{"post":{"id":"1"},"author":{"name":"Ana"},"content":"Buy now at http://spam.example/"}"#;
        format!(
            "curl -sS {url}/v1/sites/{FIRST_SITE}/comments -H \"Authorization: Bearer {key}\" \
             -H 'Content-Type: application/json' -d '{comment}'"
        )
    }
}

/// Where a program on this machine reaches an address that is listened on.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// A path as a shell reads it, inside `"$(…)"` too.
fn quoted(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,=@%".contains(&byte);
    if path.bytes().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_reached_on_loopback() {
        let reached = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(reached("[::]:8080"), "[::1]:8080");
        assert_eq!(reached("192.0.2.7:1"), "192.0.2.7:1");
    }

    #[test]
    fn paths_survive_the_shell() {
        assert_eq!(quoted("data/first-keys.txt"), "data/first-keys.txt");
        assert_eq!(quoted("my data/it's"), r"'my data/it'\''s'");
    }
}
