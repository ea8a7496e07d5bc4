//! `config`: whether a configuration is valid, and what it comes to.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;
use toml::Value;

use super::failure::Failure;
use super::terminal::{Style, Terminal, safe, safe_json_pretty, toml_string, width};
use super::{Context, DataArgs, Format};
use crate::config::{Effective, Fault, Loaded, Shown};

/// The configuration, as `serve` would read it.
#[derive(clap::Args)]
pub(super) struct Config {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Tell every fault; opens neither the store nor a port
    Check(Arguments),
    /// Show every key with its value and where that comes from; itself a configuration file. Secrets are left out
    Show(Arguments),
}

#[derive(clap::Args)]
struct Arguments {
    #[command(flatten)]
    data: DataArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Config {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        match self.verb {
            Verb::Check(arguments) => arguments.check(context),
            Verb::Show(arguments) => arguments.show(context),
        }
    }
}

impl Arguments {
    fn check(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let faults = Loaded::check(&self.data.sources(context)).err().unwrap_or_default();
        if self.format == Format::Json {
            let told = faults.iter().map(|fault| json!({ "key": fault.key(), "message": fault.to_string() }));
            let told: Vec<_> = told.collect();
            let answer = json!({ "file": self.file(), "valid": faults.is_empty(), "faults": told });
            writeln!(io::stdout(), "{}", safe_json_pretty(&answer)?)?;
        } else if faults.is_empty() {
            let file = self.file().unwrap_or_else(|| "the configuration without a file".to_owned());
            writeln!(io::stdout(), "{} is valid", safe(&file))?;
        }
        if self.format == Format::Text {
            // Without standard error there is nobody to tell.
            let _ = tell(&faults);
        }
        Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn show(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let effective = self.data.load(context)?.effective();
        if self.format == Format::Json {
            let items: Vec<_> = effective.iter().map(as_json).collect();
            let answer = json!({ "file": self.file(), "settings": items });
            writeln!(io::stdout(), "{}", safe_json_pretty(&answer)?)?;
        } else {
            io::stdout().write_all(page(&effective, &context.terminal).as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn file(&self) -> Option<String> {
        self.data.config.config.as_ref().map(|path| path.display().to_string())
    }
}

/// One fault a line, to standard error.
fn tell(faults: &[Fault]) -> io::Result<()> {
    let mut err = io::stderr();
    for fault in faults {
        writeln!(err, "moderato: {}", safe(&fault.to_string()))?;
    }
    if faults.len() >= Loaded::MOST_FAULTS {
        writeln!(err, "moderato: these are the first {}; there may be more", faults.len())?;
    }
    Ok(())
}

fn as_json(effective: &Effective) -> serde_json::Value {
    let Effective { path, value, source, origin } = effective;
    let shown = match value {
        Shown::Value(value) => json!(value),
        masked => json!(masked.mask()),
    };
    let masked = value.mask().is_some();
    json!({ "key": path.join("."), "value": shown, "masked": masked, "source": source.as_str(), "origin": origin })
}

/// How wide a line of a list may be.
const WIDEST: usize = 100;
/// How far to the right comments are aligned; behind a longer value they follow at once.
const COMMENTS: usize = 48;

/// The values as a configuration file, their origins as comments.
fn page(effective: &[Effective], terminal: &Terminal) -> String {
    let mut page = String::new();
    for table in effective.chunk_by(|one, next| above(one) == above(next)) {
        let lines: Vec<(String, String)> = table.iter().map(line).collect();
        let first_width = |line: &str| width(line.lines().next().unwrap_or_default());
        let widest = lines.iter().map(|(line, _)| first_width(line)).filter(|width| *width <= COMMENTS).max();
        if let Some(above) = table.first().map(above).filter(|above| !above.is_empty()) {
            let names: Vec<String> = above.iter().map(|name| key(name)).collect();
            let heading = format!("[{}]", names.join("."));
            page.push_str(&format!("\n{}\n", terminal.paint(Style::Bold, &heading)));
        }
        for (line, comment) in &lines {
            let blanks = " ".repeat(widest.unwrap_or(0).saturating_sub(first_width(line)));
            let comment = format!("# {}", safe(comment));
            let comment = terminal.paint(Style::Dim, &comment);
            let (first, rest) = line.split_once('\n').map_or((line.as_str(), ""), |(first, rest)| (first, rest));
            page.push_str(&format!("{first}{blanks}  {comment}\n"));
            if !rest.is_empty() {
                page.push_str(&format!("{rest}\n"));
            }
        }
    }
    page
}

/// The names of the tables that a key stands in.
fn above(effective: &Effective) -> &[String] {
    effective.path.split_last().map_or(&[], |(_, above)| above)
}

/// A key with its value, and what is said about it. A masked value is left out.
fn line(effective: &Effective) -> (String, String) {
    let name = effective.path.last().map(|name| key(name)).unwrap_or_default();
    match &effective.value {
        Shown::Value(Value::Array(items)) => list(&name, items, &effective.origin),
        Shown::Value(value) => (format!("{name} = {}", toml(value)), effective.origin.clone()),
        masked => (format!("# {name} = {}", masked.mask().unwrap_or_default()), effective.origin.clone()),
    }
}

/// A list on one line, or as many items a line as there is room for.
fn list(name: &str, items: &[Value], origin: &str) -> (String, String) {
    let items: Vec<String> = items.iter().map(toml).collect();
    let short = format!("{name} = [{}]", items.join(", "));
    if width(&short) <= COMMENTS {
        return (short, origin.to_owned());
    }
    let mut lines = vec![String::new()];
    for item in &items {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(&format!("    {item},")),
            Some(line) if width(line) + width(item) + 2 <= WIDEST => line.push_str(&format!(" {item},")),
            _ => lines.push(format!("    {item},")),
        }
    }
    (format!("{name} = [\n{}\n]", lines.join("\n")), format!("{origin}, {} items", items.len()))
}

/// A value as TOML writes it, safe on a terminal.
fn toml(value: &Value) -> String {
    match value {
        Value::String(text) => toml_string(text),
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let items: Vec<String> =
                table.iter().map(|(name, value)| format!("{} = {}", key(name), toml(value))).collect();
            format!("{{ {} }}", items.join(", ")).replace("{  }", "{}")
        }
        value => value.to_string(),
    }
}

/// A name as TOML writes it before an equals sign.
fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !name.is_empty() && name.bytes().all(bare) { name.to_owned() } else { toml_string(name) }
}
