//! What may reach a terminal: styles where they are welcome, and never what a comment would do to it.

use std::borrow::Cow;
use std::fmt::Write;
use std::io::{self, IsTerminal};

use serde::Serialize;
use unicode_width::UnicodeWidthChar;

/// What the standard streams are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    /// Whether standard output shows styles.
    pub styled: bool,
    /// Whether somebody reads standard output as it comes.
    pub watched: bool,
    /// Whether standard error is a terminal: for progress.
    pub talks: bool,
    /// Whether standard error shows styles.
    pub talk_styled: bool,
    /// Whether standard input is a terminal: somebody can be asked.
    pub asks: bool,
}

impl Terminal {
    /// Looks at the standard streams; `no_color` is the user's wish.
    pub(super) fn new(no_color: bool) -> Self {
        let watched = io::stdout().is_terminal();
        let talks = io::stderr().is_terminal();
        let asks = io::stdin().is_terminal();
        Self { styled: watched && !no_color, watched, talks, talk_styled: talks && !no_color, asks }
    }

    /// A text in a style, if styles are shown. The text must be safe already.
    pub(super) fn paint<'a>(&self, style: Style, text: &'a str) -> Cow<'a, str> {
        match self.styled {
            true => Cow::Owned(format!("\x1b[{}m{text}\x1b[0m", style.code())),
            false => Cow::Borrowed(text),
        }
    }
}

/// The styles in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Headings.
    Bold,
    /// What matters less.
    Dim,
    /// Approved.
    Good,
    /// Held.
    Doubtful,
    /// Rejected.
    Bad,
    /// What a rule found.
    Evidence,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Good => "1;32",
            Style::Doubtful => "1;33",
            Style::Bad => "1;31",
            Style::Evidence => "4;31",
        }
    }
}

/// The text with every character written out (`\u{202e}`) that would act on a terminal instead of being shown: control
/// characters, direction marks, and those that cannot be seen.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    text.chars().for_each(|character| push_safe(&mut shown, character));
    Cow::Owned(shown)
}

/// Adds a character to a text in its safe form.
pub(super) fn push_safe(text: &mut String, character: char) {
    match character {
        '\t' => text.push_str("\\t"),
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        _ if acts(character) => {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{{{:x}}}", u32::from(character));
        }
        _ => text.push(character),
    }
}

/// How many columns a safe text takes on a terminal.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|character| character.width().unwrap_or(0)).sum()
}

/// A value as JSON that is safe on a terminal: the same characters are written as `\uXXXX`, so a parser reads the same.
pub(super) fn safe_json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(json_escaped(&serde_json::to_string(value)?))
}

/// The same, over many lines for people.
pub(super) fn safe_json_pretty(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(json_escaped(&serde_json::to_string_pretty(value)?))
}

/// A text as TOML quotes it, with the same characters written as `\UXXXXXXXX`.
pub(super) fn toml_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if acts(character) => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\U{:08X}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn json_escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if acts(character) && character != '\n' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Whether a character acts on the terminal or hides. Joiners and variation selectors stay: scripts and emoji need them.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{e000}'..='\u{f8ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_comment_acts_on_the_terminal() {
        let hostile = "\x1b[2J\x07a\u{9b}31m\u{202e}b\u{2066}\r\n\u{e0041}";
        let shown = safe(hostile);
        assert_eq!(shown, "\\u{1b}[2J\\u{7}a\\u{9b}31m\\u{202e}b\\u{2066}\\r\\n\\u{e0041}");
        let json = safe_json(&hostile).unwrap();
        assert!(!json.chars().any(acts), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hostile);
        assert_eq!(safe("Grüße, 你好 👩‍💻"), "Grüße, 你好 👩‍💻");
    }
}
