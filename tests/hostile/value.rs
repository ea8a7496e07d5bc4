//! What a case sends: a text, a recipe for a long one, bytes that are no text, or JSON that is no text.

use serde_json::Value;

/// A value as it goes into a body.
pub struct Sent {
    /// The bytes of the text; of `raw` JSON, the JSON.
    pub bytes: Vec<u8>,
    /// The JSON that stands in the body, which may be broken.
    pub literal: Vec<u8>,
    pub meaning: Meaning,
}

/// What a reader of the body is to make of a value.
pub enum Meaning {
    Text(String),
    /// JSON, and no text.
    NotText,
    /// No JSON at all.
    NoJson,
}

impl Sent {
    /// A plain text.
    pub fn text(text: &str) -> Self {
        let literal = serde_json::to_vec(text).unwrap();
        Self { bytes: text.as_bytes().to_vec(), literal, meaning: Meaning::Text(text.to_owned()) }
    }

    /// Bytes between quotes; what is UTF-8 is sent as a text.
    pub fn bytes(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::text(&text),
            Err(error) => {
                let bytes = error.into_bytes();
                let literal = [b"\"", bytes.as_slice(), b"\""].concat();
                Self { bytes, literal, meaning: Meaning::NoJson }
            }
        }
    }

    /// JSON as it stands.
    pub fn raw(json: &str) -> Self {
        let meaning = match serde_json::from_str(json) {
            Ok(Value::String(text)) => Meaning::Text(text),
            Ok(_) => Meaning::NotText,
            Err(_) => Meaning::NoJson,
        };
        Self { bytes: json.as_bytes().to_vec(), literal: json.as_bytes().to_vec(), meaning }
    }

    /// What a case's `value` describes.
    pub fn of(recipe: &Value) -> Self {
        match recipe.get("raw") {
            Some(json) => Self::raw(std::str::from_utf8(&made(json)).unwrap()),
            None => Self::bytes(made(recipe)),
        }
    }
}

/// Text: itself. `repeat`: a value and how often. `concat`: values. `codepoints`: numbers, or ranges as `[first, last]`.
/// `hex`: bytes.
fn made(recipe: &Value) -> Vec<u8> {
    if let Some(text) = recipe.as_str() {
        return text.as_bytes().to_vec();
    }
    let (name, value) = recipe.as_object().and_then(|made| made.iter().next()).expect("a recipe");
    match (name.as_str(), value) {
        ("repeat", Value::Array(parts)) => {
            let count = usize::try_from(parts[1].as_u64().unwrap()).unwrap();
            made(&parts[0]).repeat(count)
        }
        ("concat", Value::Array(parts)) => parts.iter().flat_map(made).collect(),
        ("codepoints", Value::Array(points)) => points.iter().flat_map(letters).collect::<String>().into_bytes(),
        ("hex", Value::String(digits)) => data_encoding::HEXLOWER.decode(digits.as_bytes()).unwrap(),
        _ => panic!("no recipe: {recipe}"),
    }
}

fn letters(points: &Value) -> Vec<char> {
    let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    let (first, last) = match points {
        Value::Array(range) => (number(&range[0]), number(&range[1])),
        one => (number(one), number(one)),
    };
    (first..=last).map(|point| char::from_u32(point).expect("a scalar value")).collect()
}
