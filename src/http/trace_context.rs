//! The trace that a request belongs to, as its caller tells it in `traceparent` (W3C Trace Context).

use actix_web::http::header::HeaderMap;

/// The header's name.
const HEADER: &str = "traceparent";

/// The trace and the caller's span in it, each in lower-case hex: safe to put into a log as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceContext<'a> {
    /// 32 digits, not all zero.
    pub trace_id: &'a str,
    /// 16 digits, not all zero.
    pub parent_id: &'a str,
}

impl<'a> TraceContext<'a> {
    /// What the header says; nothing where it is missing, repeated or broken, as the specification wants it.
    pub fn of(headers: &'a HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(HEADER);
        let only = all.next().filter(|_| all.next().is_none())?;
        Self::parse(only.to_str().ok()?)
    }

    /// Reads `version-trace-parent-flags`. Of a version above `00` the beginning must read like `00`, and what follows a
    /// further dash is its own affair.
    fn parse(text: &'a str) -> Option<Self> {
        /// How long version `00` is.
        const LENGTH: usize = 55;
        if !text.is_ascii() || text.len() < LENGTH {
            return None;
        }
        let (head, rest) = text.split_at(LENGTH);
        let mut parts = head.split('-');
        let mut hex =
            |digits: usize| parts.next().filter(|part| part.len() == digits && part.bytes().all(is_lower_hex));
        let (version, trace_id, parent_id, _flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        let ends_well = rest.is_empty() || (version != "00" && rest.starts_with('-'));
        let is_zero = |id: &str| id.bytes().all(|digit| digit == b'0');
        let is_valid = version != "ff" && ends_well && !is_zero(trace_id) && !is_zero(parent_id);
        is_valid.then_some(Self { trace_id, parent_id })
    }
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{HEADER, TraceContext};

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    fn known() -> Option<TraceContext<'static>> {
        Some(TraceContext { trace_id: TRACE, parent_id: PARENT })
    }

    #[test]
    fn a_valid_header_names_trace_and_span() {
        for (before, after) in [
            ("00", "01"),
            ("00", "00"),
            ("00", "ff"),
            ("01", "01"),
            ("cc", "01-what-the-future-will-be-like"),
            ("cc", "01-"),
            ("fe", "01-.#*?"),
        ] {
            let text = format!("{before}-{TRACE}-{PARENT}-{after}");
            assert_eq!(TraceContext::parse(&text), known(), "{text}");
        }
    }

    #[test]
    fn whatever_else_is_ignored() {
        let zeros = "0".repeat(32);
        let (upper_trace, upper_parent) = (TRACE.to_uppercase(), PARENT.to_uppercase());
        let cases = [
            ("empty", String::new()),
            ("no dash", "0".repeat(55)),
            ("only dashes", "-".repeat(55)),
            ("a forbidden version", format!("ff-{TRACE}-{PARENT}-01")),
            ("a forbidden version, longer", format!("ff-{TRACE}-{PARENT}-01-more")),
            ("version in upper case", format!("CC-{TRACE}-{PARENT}-01")),
            ("version not hex", format!("0x-{TRACE}-{PARENT}-01")),
            ("version too short", format!("0-{TRACE}-{PARENT}-01")),
            ("version too long", format!("000-{TRACE}-{PARENT}-01")),
            ("trace of zeros", format!("00-{zeros}-{PARENT}-01")),
            ("trace of zeros in a later version", format!("01-{zeros}-{PARENT}-01")),
            ("trace in upper case", format!("00-{upper_trace}-{PARENT}-01")),
            ("trace too short", format!("00-{}-{PARENT}-01", &TRACE[1..])),
            ("trace too long", format!("00-{TRACE}0-{PARENT}-01")),
            ("trace not hex", format!("00-{}g-{PARENT}-01", &TRACE[1..])),
            ("parent of zeros", format!("00-{TRACE}-{}-01", &zeros[..16])),
            ("parent in upper case", format!("00-{TRACE}-{upper_parent}-01")),
            ("parent too short", format!("00-{TRACE}-{}-01", &PARENT[1..])),
            ("parent too long", format!("00-{TRACE}-{PARENT}0-01")),
            ("a digit moved from one to the other", format!("00-{TRACE}0-{}-01", &PARENT[1..])),
            ("flags missing", format!("00-{TRACE}-{PARENT}")),
            ("flags empty", format!("00-{TRACE}-{PARENT}-")),
            ("flags too short", format!("00-{TRACE}-{PARENT}-1")),
            ("flags too long", format!("00-{TRACE}-{PARENT}-011")),
            ("flags not hex", format!("00-{TRACE}-{PARENT}-0x")),
            ("flags in upper case", format!("00-{TRACE}-{PARENT}-0A")),
            ("more after version 00", format!("00-{TRACE}-{PARENT}-01-more")),
            ("a dash after version 00", format!("00-{TRACE}-{PARENT}-01-")),
            ("a later version that goes on without a dash", format!("01-{TRACE}-{PARENT}-01more")),
            ("a space before", format!(" 00-{TRACE}-{PARENT}-01")),
            ("a space after", format!("00-{TRACE}-{PARENT}-01 ")),
            ("other separators", format!("00_{TRACE}_{PARENT}_01")),
            ("two in one", format!("00-{TRACE}-{PARENT}-01,00-{TRACE}-{PARENT}-01")),
            ("a letter of two bytes", format!("00-{}é-{PARENT}-01", &TRACE[2..])),
        ];
        for (name, text) in cases {
            assert_eq!(TraceContext::parse(&text), None, "{name}: {text}");
        }
    }

    #[test]
    fn a_repeated_header_is_ignored() {
        let value = HeaderValue::try_from(format!("00-{TRACE}-{PARENT}-01")).expect("a value");
        let mut headers = HeaderMap::new();
        assert_eq!(TraceContext::of(&headers), None);
        headers.append(HeaderName::from_static(HEADER), value.clone());
        assert_eq!(TraceContext::of(&headers), known());
        headers.append(HeaderName::from_static(HEADER), value);
        assert_eq!(TraceContext::of(&headers), None);
    }
}
