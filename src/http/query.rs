//! The query string, read strictly: nothing unknown, nothing twice.

use std::str::FromStr;

use super::wire::{Faults, FieldFault};
use crate::domain::Fault;

/// A query string's parameters.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string that may have these parameters.
    pub fn parse(raw: &str, known: &[&str]) -> Result<Self, Vec<FieldFault>> {
        let pairs: Vec<_> = url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
        let mut faults = Faults::default();
        for (place, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                faults.add(format!("query:{name}"), Fault::new("unknown_parameter", expected(known)));
            } else if pairs[..place].iter().any(|(earlier, _)| earlier == name) {
                faults.add(format!("query:{name}"), Fault::new("repeated", "is given more than once"));
            }
        }
        faults.finish(Some(Self(pairs)))
    }

    /// A parameter as text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter read by `read`; its fault is noted.
    pub fn read<T>(&self, name: &str, faults: &mut Faults, read: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        self.get(name).and_then(|text| faults.check(format!("query:{name}"), read(text)))
    }

    /// A whole number within limits, or what stands for its absence.
    pub fn number(&self, name: &str, faults: &mut Faults, range: Numbers) -> u64 {
        let Numbers { least, most, absent } = range;
        let read = |text: &str| {
            let number = u64::from_str(text).ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| Fault::new("out_of_range", format!("must be a whole number from {least} to {most}")))
        };
        self.read(name, faults, read).unwrap_or(absent)
    }
}

/// The limits of a number.
pub(super) struct Numbers {
    pub least: u64,
    pub most: u64,
    pub absent: u64,
}

fn expected(known: &[&str]) -> String {
    if known.is_empty() {
        "is not known; nothing is taken here".to_owned()
    } else {
        format!("is not known; known are {}", known.join(", "))
    }
}
