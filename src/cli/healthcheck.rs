//! `healthcheck`: whether a running service would take a submission.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use super::failure::Failure;
use super::{ConfigArgs, Context};
use crate::app;
use crate::clock::Stopwatch;

/// Exits with 0 if the service is ready, else with 1.
#[derive(clap::Args)]
pub(super) struct Healthcheck {
    #[command(flatten)]
    config: ConfigArgs,
    /// Where it runs, if not where the configuration says: http://HOST:PORT
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// The longest it waits, all in all.
const PATIENCE: Duration = Duration::from_secs(2);

impl Healthcheck {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let target = match &self.url {
            Some(url) => Target::of_url(url)?,
            None => Target::of_listen(&app::listen_address(&self.config.load(context)?.settings.http)),
        };
        let answer = target.ask().map_err(|error| {
            let error = match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "no answer within 2 seconds".to_owned(),
                _ => error.to_string(),
            };
            Failure::new(format!("{} is not ready: {error}", target.authority))
        })?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        match head.split_ascii_whitespace().nth(1) {
            Some("200") => Ok(ExitCode::SUCCESS),
            Some(status) => Err(Failure::new(format!("{} is not ready: {status} {}", target.authority, body.trim()))),
            None => Err(Failure::new(format!("{} does not answer in HTTP", target.authority))),
        }
    }
}

/// Where to ask.
struct Target {
    authority: String,
    path: String,
}

impl Target {
    fn of_url(url: &str) -> Result<Self, Failure> {
        let wrong = || Failure::Usage(format!("--url must be like http://127.0.0.1:8080, not {url}"));
        let parsed = url::Url::parse(url).map_err(|_| wrong())?;
        let (Some(host), "http") = (parsed.host_str(), parsed.scheme()) else { return Err(wrong()) };
        let path = if parsed.path() == "/" { "/readyz" } else { parsed.path() };
        Ok(Self { authority: format!("{host}:{}", parsed.port().unwrap_or(80)), path: path.to_owned() })
    }

    /// Every address is reached through loopback.
    fn of_listen(listen: &str) -> Self {
        let authority = match listen.parse::<SocketAddr>() {
            Ok(address) => super::serve::reachable(address).to_string(),
            Err(_) => listen.to_owned(),
        };
        Self { authority, path: "/readyz".to_owned() }
    }

    /// The answer, at most 4 KiB of it.
    fn ask(&self) -> io::Result<String> {
        let waiting = Stopwatch::start();
        let left = || match PATIENCE.saturating_sub(waiting.elapsed()) {
            Duration::ZERO => Err(io::Error::from(io::ErrorKind::TimedOut)),
            left => Ok(left),
        };
        let address = self.authority.to_socket_addrs()?.next();
        let address = address.ok_or_else(|| io::Error::other("its name has no address"))?;
        let mut stream = TcpStream::connect_timeout(&address, left()?)?;
        stream.set_write_timeout(Some(left()?))?;
        let Self { authority, path } = self;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        let mut part = [0; 1024];
        while answer.len() < 4096 {
            stream.set_read_timeout(Some(left()?))?;
            match stream.read(&mut part)? {
                0 => break,
                read => answer.extend_from_slice(&part[..read]),
            }
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}
