//! Whole numbers, however they are written.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A whole number from 0 to 4,294,967,295. JSON has one kind of number: `1.0` is as whole as `1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Whole(pub u32);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wholes;

        impl Visitor<'_> for Wholes {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("u32")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
                let refused = |_| E::invalid_value(serde::de::Unexpected::Unsigned(number), &self);
                u32::try_from(number).map(Whole).map_err(refused)
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Whole, E> {
                if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
                    return Ok(Whole(number as u32));
                }
                Err(E::invalid_value(serde::de::Unexpected::Float(number), &self))
            }
        }

        deserializer.deserialize_any(Wholes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_is_what_has_no_fraction() {
        let cases =
            [("0", Some(0)), ("-0.0", Some(0)), ("7.0", Some(7)), ("1e2", Some(100)), ("4294967295", Some(u32::MAX))];
        for (text, number) in cases {
            assert_eq!(serde_json::from_str::<Whole>(text).ok().map(|whole| whole.0), number, "{text}");
        }
        for text in ["-1", "0.5", "4294967296", "4294967296.0", "1e99", "\"1\"", "true", "null", "[]"] {
            assert!(serde_json::from_str::<Whole>(text).is_err(), "{text}");
        }
    }
}
