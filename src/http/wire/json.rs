//! Strict JSON: at most 16 deep, no key twice, and every fault with the place where it lies.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_path_to_error::Segment;

use super::fault::FieldFault;
use super::objects::Objects;
use crate::domain::Fault;

/// How deep arrays and objects may lie in each other.
pub(in crate::http) const MAX_DEPTH: usize = 16;

/// Why a body cannot be read.
#[derive(Debug)]
pub enum JsonError {
    /// It is no JSON; completes "the body …" and says where that shows.
    Syntax(String),
    /// It is not the JSON that is expected here.
    Field(FieldFault),
}

/// Reads a value from JSON text.
pub fn parse_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, JsonError> {
    scan(json)?;
    let mut reader = serde_json::Deserializer::from_slice(json);
    serde_path_to_error::deserialize(Objects(&mut reader)).map_err(|error| JsonError::Field(field_fault(&error)))
}

/// Reads a value from JSON that was read strictly before.
pub(in crate::http) fn from_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, FieldFault> {
    serde_path_to_error::deserialize(Objects(value)).map_err(|error| field_fault(&error))
}

/// Reads one of a type's words.
pub(in crate::http) fn word<T: DeserializeOwned>(text: impl AsRef<str>) -> Result<T, Fault> {
    let reader: StrDeserializer<'_, serde::de::value::Error> = text.as_ref().into_deserializer();
    T::deserialize(reader).map_err(|error| Fault::new("unknown_value", expected(&error.to_string())))
}

fn field_fault(error: &serde_path_to_error::Error<serde_json::Error>) -> FieldFault {
    let mut field = String::new();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => push(&mut field, &index.to_string()),
            Segment::Map { key } => push(&mut field, key),
            Segment::Enum { variant } => push(&mut field, variant),
            Segment::Unknown => {}
        }
    }
    let message = error.inner().to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let fault = match message {
        unknown if unknown.starts_with("unknown field") => Fault::new("unknown_field", "is not known here"),
        wrong => Fault::new("wrong_type", expected(wrong)),
    };
    FieldFault::new(field, fault)
}

/// The end of a serde message, which says what is expected; its beginning repeats what was sent.
fn expected(message: &str) -> String {
    let wanted = message.rsplit_once(", expected ").map_or("something else", |(_, wanted)| wanted);
    let wanted = match wanted {
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0 to 18446744073709551615",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "u8" => "a whole number from 0 to 255",
        "f64" => "a number",
        "a sequence" => "an array",
        other => other,
    };
    format!("must be {wanted}")
}

fn scan(json: &[u8]) -> Result<(), JsonError> {
    let (mut field, mut found) = (String::new(), None);
    let mut reader = serde_json::Deserializer::from_slice(json);
    let strict = Strict { field: &mut field, found: &mut found, depth: 0 };
    match strict.deserialize(&mut reader).and_then(|()| reader.end()) {
        Ok(()) => Ok(()),
        Err(error) => Err(found.map_or_else(|| JsonError::Syntax(format!("is no JSON: {error}")), JsonError::Field)),
    }
}

/// Reads any JSON, keeps nothing, and stops at the first fault.
struct Strict<'a> {
    field: &'a mut String,
    found: &'a mut Option<FieldFault>,
    depth: usize,
}

impl Strict<'_> {
    fn fail<E: serde::de::Error>(&mut self, fault: Fault) -> E {
        *self.found = Some(FieldFault::new(self.field.clone(), fault));
        E::custom("refused")
    }

    fn enter<E: serde::de::Error>(&mut self) -> Result<usize, E> {
        if self.depth < MAX_DEPTH {
            return Ok(self.depth + 1);
        }
        Err(self.fail(Fault::new("too_deep", format!("lies deeper than the limit of {MAX_DEPTH}"))))
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let depth = self.enter()?;
        let above = self.field.len();
        for index in 0_usize.. {
            push(self.field, &index.to_string());
            let item = Strict { field: &mut *self.field, found: &mut *self.found, depth };
            if items.next_element_seed(item)?.is_none() {
                break;
            }
            self.field.truncate(above);
        }
        self.field.truncate(above);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let depth = self.enter()?;
        let above = self.field.len();
        let mut seen = HashSet::new();
        while let Some(key) = entries.next_key::<Cow<'de, str>>()? {
            push(self.field, &key);
            if !seen.insert(key) {
                return Err(self.fail(Fault::new("duplicate_key", "is given more than once")));
            }
            entries.next_value_seed(Strict { field: &mut *self.field, found: &mut *self.found, depth })?;
            self.field.truncate(above);
        }
        Ok(())
    }
}

/// Appends a part to a JSON Pointer (RFC 6901).
fn push(pointer: &mut String, part: &str) {
    pointer.push('/');
    pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_with_its_place() {
        let deep = format!("{}1{}", "[".repeat(17), "]".repeat(17));
        let cases = [
            (r#"{"a": {"b/c": [1, {"d": 1, "\u0064": 2}]}}"#, "/a/b~1c/1/d", "duplicate_key"),
            (deep.as_str(), &"/0".repeat(16), "too_deep"),
        ];
        for (json, field, code) in cases {
            match parse_json::<serde_json::Value>(json.as_bytes()) {
                Err(JsonError::Field(fault)) => assert_eq!((fault.field.as_str(), fault.code), (field, code)),
                other => panic!("{json}: {other:?}"),
            }
        }
        for json in ["", "{", "1 2", "\u{feff}{}", "{\"a\":1,}", "NaN", "\"\\ud800\""] {
            let read = parse_json::<serde_json::Value>(json.as_bytes());
            assert!(matches!(read, Err(JsonError::Syntax(_))), "{json}");
        }
    }

    #[test]
    fn a_word_is_one_of_its_type() {
        assert!(word::<crate::domain::Format>("markdown").is_ok());
        let fault = word::<crate::domain::Format>("word, expected nothing").unwrap_err();
        assert_eq!(fault.detail, "must be one of `text`, `markdown`, `html`, `bbcode`");
    }
}
