//! What a deserializer says of a value, in words for whoever wrote the value.

use super::invalid::NOT_KNOWN;

/// Says in plain words what a deserializer says of a value.
pub fn plain_words(message: &str) -> String {
    const NUMBERS: [(&str, &str); 10] = [
        ("u8", "a whole number from 0 to 255"),
        ("u16", "a whole number from 0 to 65535"),
        ("u32", "a whole number from 0 to 4294967295"),
        ("u64", "a whole number from 0"),
        ("usize", "a whole number from 0"),
        ("i8", "a whole number from -128 to 127"),
        ("i16", "a whole number from -32768 to 32767"),
        ("i32", "a whole number from -2147483648 to 2147483647"),
        ("i64", "a whole number"),
        ("f64", "a number"),
    ];
    let message = message.lines().next().unwrap_or_default().replace('`', "'");
    if message.starts_with("unknown field ") && message.ends_with("there are no fields") {
        return format!("{NOT_KNOWN}; nothing can be set here");
    }
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message };
    let named = NUMBERS.iter().find(|(name, _)| *name == expected).map_or(expected, |(_, words)| words);
    let named = match named {
        "a string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        named if named.starts_with("struct ") => "a table",
        named => named,
    };
    if found.starts_with("unknown field ") {
        return format!("{NOT_KNOWN}; known are {}", named.trim_start_matches("one of "));
    }
    if let Some(found) = found.strip_prefix("unknown variant ") {
        return format!("must be {named}, not {found}");
    }
    match found.strip_prefix("invalid type: ").or_else(|| found.strip_prefix("invalid value: ")) {
        Some(found) => format!("must be {named}, not {}", plain_found(found)),
        None => message,
    }
}

/// A value as a deserializer tells it, in plain words.
fn plain_found(found: &str) -> String {
    match found {
        "sequence" => return "a list".to_owned(),
        "map" => return "a table".to_owned(),
        _ => {}
    }
    let number = ["integer ", "floating point ", "boolean "].iter().find_map(|kind| found.strip_prefix(kind));
    match (number, found.strip_prefix("string ")) {
        (Some(number), _) => number.trim_matches('\'').to_owned(),
        (None, Some(text)) => format!("the text {text}"),
        (None, None) => found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_what_is_allowed() {
        let said = plain_words("invalid type: string \"many\", expected u16");
        assert_eq!(said, "must be a whole number from 0 to 65535, not the text \"many\"");
        let said = plain_words("invalid value: integer `70000`, expected u16");
        assert_eq!(said, "must be a whole number from 0 to 65535, not 70000");
        let said = plain_words("unknown variant `xml`, expected `text` or `json`");
        assert_eq!(said, "must be 'text' or 'json', not 'xml'");
        assert_eq!(plain_words("is too long"), "is too long");
        let said = plain_words("unknown field `hold_att`, expected one of `hold_at`, `reject_at`");
        assert_eq!(said, "is not known; known are 'hold_at', 'reject_at'");
        let said = plain_words("unknown field `depth`, there are no fields");
        assert_eq!(said, "is not known; nothing can be set here");
    }
}
