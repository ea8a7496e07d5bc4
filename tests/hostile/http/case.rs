//! A case: what is sent, and how it may be answered when no proxy stands in between.

use std::fs;
use std::path::Path;

use serde::Deserialize;

/// A line of `cases/*.jsonl`. In its texts `$ID` is the case's own id, `$KEY` an operator's key, and `$HEAD` the header lines that
/// every good request has: host, key and `X-Request-Id: $ID`. An id that begins with `$ID-` belongs to the case too.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// All bytes of the connection …
    #[serde(default)]
    send: Vec<Part>,
    /// … or the body of a submission that is checked.
    check: Option<Vec<Part>>,
    /// Header lines of such a request beside those it needs.
    #[serde(default)]
    headers: String,
    /// Its media type; JSON if none is given.
    kind: Option<String>,
    /// The statuses that may come, and `close` where the connection may be closed without an answer.
    pub allowed: Vec<Outcome>,
    /// How many requests reach the service's own code, where that is certain.
    pub requests: Option<usize>,
    /// Whether answers come without a body, as to HEAD.
    #[serde(default)]
    pub bodiless: bool,
    /// How many connections send it at once; 1 if not given. `$CONNECTION` is the number of each.
    connections: Option<usize>,
    /// Whether it ends by somebody's patience, so that it runs beside the others.
    #[serde(default)]
    pub slow: bool,
    /// What is the same in the JSON of all answers: a pointer.
    pub same: Option<String>,
}

/// How a connection may end.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum Outcome {
    Status(u16),
    Word(Close),
}

/// Without an answer.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Close {
    Close,
}

/// A stretch of bytes.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    /// A text so many times; `$N` in it counts from 0.
    Repeat {
        repeat: (String, usize),
    },
    /// Bytes that no text can hold.
    Hex {
        hex: String,
    },
    /// A text in UTF-16 with its mark, little end first.
    Utf16 {
        utf16: String,
    },
    /// A body after the line that counts it.
    Counted {
        counted: Vec<Part>,
    },
    /// A chunk of a body.
    Chunk {
        chunk: Vec<Part>,
    },
}

/// All cases, in the order of their files' names.
pub fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/http/cases");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            let case = serde_json::from_str(line);
            cases.push(case.unwrap_or_else(|error| panic!("{}:{}: {error}", file.display(), number + 1)));
        }
    }
    cases
}

impl Case {
    /// What each connection sends, with this id and key.
    pub fn connections(&self, id: &str, key: &str) -> Vec<Vec<u8>> {
        let parts = match &self.check {
            None => self.send.clone(),
            Some(body) => {
                let kind = self.kind.as_deref().unwrap_or("application/json");
                let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
                let head = format!("POST /v1/sites/demo/comments/check HTTP/1.1\r\n$HEAD{kind}{}", self.headers);
                vec![Part::Text(head), Part::Counted { counted: body.clone() }]
            }
        };
        let head = format!("Host: moderato.example\r\nAuthorization: Bearer {key}\r\nX-Request-Id: $ID\r\n");
        let bytes = |number: usize| {
            let fill = |text: &str| {
                let number = number.to_string();
                text.replace("$HEAD", &head).replace("$KEY", key).replace("$ID", id).replace("$CONNECTION", &number)
            };
            bytes_of(&parts, &fill)
        };
        (0..self.connections.unwrap_or(1)).map(bytes).collect()
    }

    /// Whether this status may come.
    pub fn allows(&self, status: u16) -> bool {
        self.allowed.contains(&Outcome::Status(status))
    }

    /// Whether the connection may be closed without an answer.
    pub fn may_close(&self) -> bool {
        self.allowed.contains(&Outcome::Word(Close::Close))
    }
}

fn bytes_of(parts: &[Part], fill: &dyn Fn(&str) -> String) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) => bytes.extend(fill(text).as_bytes()),
            Part::Repeat { repeat: (text, times) } => {
                let text = fill(text);
                (0..*times).for_each(|n| bytes.extend(text.replace("$N", &n.to_string()).as_bytes()));
            }
            Part::Hex { hex } => bytes.extend(data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()),
            Part::Utf16 { utf16 } => {
                bytes.extend([0xff, 0xfe]);
                bytes.extend(utf16.encode_utf16().flat_map(u16::to_le_bytes));
            }
            Part::Counted { counted } => {
                let body = bytes_of(counted, fill);
                bytes.extend(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
                bytes.extend(body);
            }
            Part::Chunk { chunk } => {
                let data = bytes_of(chunk, fill);
                bytes.extend(format!("{:x}\r\n", data.len()).as_bytes());
                bytes.extend(data);
                bytes.extend(b"\r\n");
            }
        }
    }
    bytes
}
