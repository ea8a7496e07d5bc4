//! A point in time, in whole milliseconds.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Fault;

/// Milliseconds since 1970-01-01T00:00:00Z. Packed records keep the number; people and JSON see RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// The first and last milliseconds that RFC 3339 can write with a four-digit year in every time zone: 0000-01-01 to
/// 9999-12-30T22:00:00Z.
const RANGE: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_207_200_999;

impl Timestamp {
    /// From milliseconds since the Unix epoch, clamped to the years 0 to 9999.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(*RANGE.start(), *RANGE.end()))
    }

    /// Milliseconds since the Unix epoch.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// This moment plus `millis` milliseconds (negative: before it).
    pub fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        // RFC 3339 sets no end to the digits of a second, and the parser takes nine. Milliseconds are kept.
        let moment: jiff::Timestamp = up_to_nanoseconds(text).parse().map_err(|_| {
            let detail = "is not a time in RFC 3339, such as 2026-11-22T20:58:25Z, before the end of the year 9999";
            Fault::new("invalid_time", detail)
        })?;
        let millis = moment.as_millisecond();
        if RANGE.contains(&millis) { Ok(Self(millis)) } else { Err(Fault::new("invalid_time", "is before the year 0")) }
    }
}

fn up_to_nanoseconds(text: &str) -> Cow<'_, str> {
    let Some(point) = text.find('.') else { return Cow::from(text) };
    let digits = text[point + 1..].bytes().take_while(u8::is_ascii_digit).count();
    if digits <= 9 {
        return Cow::from(text);
    }
    Cow::from(format!("{}{}", &text[..point + 10], &text[point + 1 + digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_and_read_as_rfc_3339() {
        let moment: Timestamp = "2016-09-29T12:03:00+02:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2016-09-29T10:03:00.000Z");
        assert_eq!(moment.to_string().parse::<Timestamp>().unwrap(), moment);
        assert!("29.9.2016".parse::<Timestamp>().is_err());
        let digits: Timestamp = "2016-09-29T10:03:00.123456789012Z".parse().unwrap();
        assert_eq!(digits.to_string(), "2016-09-29T10:03:00.123Z");
    }
}
