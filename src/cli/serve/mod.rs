//! `serve`: runs the service, and its first lines say what there is to know.

mod first_keys;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use super::failure::Failure;
use super::{Context, DataArgs, block_on, place, plural};
use crate::app::{App, Configured, Store};
use crate::http::{DemoSettings, PublicUrl};
use crate::service::{Error, FIRST_SITE, Service, Settled};
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
        let (place, data_dir) = (place(settings), settings.data_dir.clone());
        let (public_url, demo) = (settings.http.public_url.clone(), settings.demo.clone());
        let watched = context.terminal.watched;
        let trouble = Rc::default();
        let keeper = Box::new(first_keys::Keeper::new(settings, watched, Rc::clone(&trouble)));
        block_on(async {
            let app = App::start(configured, keeper).await.map_err(|error| {
                let reason: Option<String> = RefCell::take(&trouble);
                reason.map_or_else(|| error.into(), Failure::new)
            })?;
            let start = Start { address: app.address(), public_url, demo, place, data_dir, watched };
            // A service whose first lines nobody reads serves all the same.
            let _ = print(&start.lines(app.service(), app.store()).await?);
            let tell = async |service: &Service, settled: Settled| {
                if let Ok(lines) = start.of_store(service, &settled).await {
                    let _ = print(&lines);
                }
            };
            Ok(app.run(tell).await?)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

fn print(lines: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(lines.as_bytes())?;
    out.flush()
}

/// What the first lines tell.
struct Start {
    address: SocketAddr,
    public_url: PublicUrl,
    demo: DemoSettings,
    place: String,
    data_dir: PathBuf,
    watched: bool,
}

impl Start {
    async fn lines(&self, service: &Service, store: &Store) -> Result<String, Failure> {
        let url = format!("http://{}", reachable(self.address));
        let mut lines = format!("moderato {}, a comment moderation service\n", env!("CARGO_PKG_VERSION"));
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "listening  http://{}", self.address);
        if let Some(public) = self.public_url.base() {
            let _ = writeln!(lines, "reached    {public}");
        }
        match store {
            Store::Seen(settled) => lines.push_str(&self.of_store(service, settled).await?),
            Store::Away(settling) => {
                let why = settling.why();
                let _ = writeln!(lines, "data       {}, and comments are refused until it is there: {why}", self.place);
            }
        }
        // What answers this machine alone is named by the address that this machine uses.
        let public = self.public_url.base().unwrap_or(&url);
        let demo = if self.demo.enabled { public } else { &url };
        let _ = writeln!(
            lines,
            "pages      {demo}/demo (a post to comment on), {public}/docs (how to call it), {url}/metrics"
        );
        let key = match store {
            Store::Seen(Settled::Begun(keys)) if self.watched => keys.site.reveal(),
            Store::Seen(Settled::Begun(_)) => self.key_in_file(),
            _ if first_keys::path(&self.data_dir).is_file() => self.key_in_file(),
            _ => "$MODERATO_KEY".to_owned(),
        };
        let _ = writeln!(lines, "try        {}", curl(&url, &key));
        Ok(lines)
    }

    /// Where the data is, whether it was there before, and where its keys are.
    async fn of_store(&self, service: &Service, settled: &Settled) -> Result<String, Failure> {
        let mut lines = format!("data       {}\n", self.found(service, settled).await?);
        let kept = first_keys::path(&self.data_dir);
        let _ = match settled {
            Settled::Begun(keys) if self.watched => {
                let each = first_keys::of(keys).into_iter().map(|(whose, key)| format!("           {whose}: {key}\n"));
                writeln!(lines, "keys       shown only now, so keep them:\n{}", each.collect::<String>().trim_end())
            }
            Settled::Begun(_) => writeln!(lines, "keys       in {}, readable for you alone", kept.display()),
            _ if kept.is_file() => writeln!(lines, "keys       those of the first start are in {}", kept.display()),
            _ => writeln!(lines, "keys       `moderato keys create --site SITE` makes another one"),
        };
        Ok(lines)
    }

    /// Where the data is, and whether it was there before.
    async fn found(&self, service: &Service, settled: &Settled) -> Result<String, Failure> {
        let place = &self.place;
        if matches!(settled, Settled::Begun(_)) {
            return Ok(format!("{place}, new, with the site {FIRST_SITE}"));
        }
        let sites = match service.sites().await {
            // It has just gone again, and will be back.
            Err(error @ (Error::Unavailable(_) | Error::NotReady { .. })) => return Ok(format!("{place}: {error}")),
            sites => sites?,
        };
        let comments: u64 = sites.iter().map(|site| site.counts).map(|c| c.approved + c.held + c.rejected).sum();
        let waiting: u64 = sites.iter().map(|site| site.counts.open).sum();
        let (s, c) = (plural(sites.len() as u64, "site"), plural(comments, "comment"));
        Ok(format!("{place}, found again: {s}, {c}, {waiting} waiting for a moderator"))
    }

    /// The demo site's key, as a shell reads it from the file.
    fn key_in_file(&self) -> String {
        let kept = first_keys::path(&self.data_dir);
        format!("$(sed -n 's/^site {FIRST_SITE}: //p' {})", quoted(&kept.display().to_string()))
    }
}

/// One line to paste that submits a comment to the demo site.
fn curl(url: &str, key: &str) -> String {
    let comment = r#"{"post":{"id":"1"},"author":{"name":"Ana"},"content":"Buy now at http://spam.example/"}"#;
    format!(
        "curl -sS {url}/v1/sites/{FIRST_SITE}/comments -H \"Authorization: Bearer {key}\" \
         -H 'Content-Type: application/json' -d '{comment}'"
    )
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
