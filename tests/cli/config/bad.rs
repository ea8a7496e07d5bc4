//! Configurations that are refused: what is written, and what is said.

use super::super::{moderato, run};

/// What a file holds, and the whole message behind the file's name; `…` at its end stands for what the built-in file says
/// of the key, or for the keys there are.
const CASES: &[(&str, &str)] = &[
    ("[http]\n[http]", ":2: is not TOML: the key http is there twice"),
    ("[http]\nworkers = 1\nlisten = \"a:1\"\nworkers = 2", ":4: is not TOML: the key workers is there twice"),
    ("http.workers = 1\n[http]\nlisten = \"a:1\"", ":2: is not TOML: the key http is there twice"),
    ("data_dir = \"a\"\ndata_dir = \"b\"", ":2: is not TOML: the key data_dir is there twice"),
    ("[policy.kinds]\nping = \"hold\"\nping = \"hold\"", ":3: is not TOML: the key ping is there twice"),
    (
        "\nhttp.workers = 99999999999999999999999",
        ":2: is not TOML: a whole number must be from -9223372036854775808 to 9223372036854775807",
    ),
    (
        "http.workers = 9223372036854775808",
        ":1: is not TOML: a whole number must be from -9223372036854775808 to 9223372036854775807",
    ),
    ("http.workers = -9", ":1: http.workers must be a whole number from 0, not -9 (…"),
    ("http.workers = 1.5", ":1: http.workers must be a whole number, not a number 1.5 (…"),
    ("http.workers = true", ":1: http.workers must be a whole number, not true (…"),
    ("http.workers = [1]", ":1: http.workers must be a whole number, not a list [1] (…"),
    ("http.workers = {}", ":1: http.workers must be a whole number, not a table {} (…"),
    ("http.workers = 1979-05-27", ":1: http.workers must be a whole number, not a time 1979-05-27 (…"),
    ("http.workers = 1025", ":1: http.workers must be at most 1024, not 1025 (…"),
    ("http.workers =", ":1: is not TOML: string values must be quoted, expected literal string"),
    ("http.workers = 1 2", ":1: is not TOML: string values must be quoted, expected literal string"),
    (r#"http.workers = "1"#, r#":1: is not TOML: invalid basic string, expected `"`"#),
    ("http.workers = 0x", ":1: is not TOML: integer number overflowed"),
    ("http = []", ":1: http must be a table, not a list []"),
    ("[[http]]\nworkers = 1", ":1: http must be a table, not a list [{ workers = 1 }]"),
    ("[http]\nlisten = \"\"", r#":2: http.listen must be an address and a port, not "" (…"#),
    (
        r#"http.listen = "127.0.0.1:65536""#,
        r#":1: http.listen must be an address and a port, not "127.0.0.1:65536" (…"#,
    ),
    (r#"http.listen = ":80""#, r#":1: http.listen must be an address and a port, not ":80" (…"#),
    (r#"http.listen = "a\u0000b""#, r#":1: http.listen must be an address and a port, not "a\u{0}b" (…"#),
    (
        r#"http.listen = "a\qb""#,
        r#":1: is not TOML: missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\`, `"`, `x`, `u`, `U`"#,
    ),
    (r#"http.public_url = "ftp://blog.example""#, ":1: http.public_url must begin with http:// or https:// (…"),
    (r#"http.public_url = "https:blog.example""#, ":1: http.public_url must begin with http:// or https:// (…"),
    (r#"http.public_url = "https://""#, ":1: http.public_url is not the address of a host, such as …"),
    (r#"http.public_url = "https://a:99999""#, ":1: http.public_url is not the address of a host, such as …"),
    (r#"http.public_url = "https://blog .example""#, ":1: http.public_url must not have blanks, control characters …"),
    (r#"http.public_url = "https://@blog.example""#, ":1: http.public_url must not have a user name or a password (…"),
    (r#"http.public_url = "https://blog.example/#a""#, ":1: http.public_url must not have a query or a fragment …"),
    (r#"http.public_url = "https://blog.example/a?""#, ":1: http.public_url must not have a query or a fragment …"),
    ("http.public_url = 1", ":1: http.public_url must be a text, not a whole number 1 (…"),
    ("http.shutdown_seconds = 86401", ":1: http.shutdown_seconds must be at most 86400, not 86401 (…"),
    (
        r#""http.listen" = "a:1""#,
        r#":1: there is no key "http.listen"; no name is empty or holds a dot in quotation marks"#,
    ),
    (r#""" = 1"#, r#":1: there is no key ""; no name is empty or holds a dot in quotation marks"#),
    ("[\"\"]\nx = 1", r#":1: there is no key ""; no name is empty or holds a dot in quotation marks"#),
    ("a.b.c.d = 1", ":1: there is no key a; there are: …"),
    ("[http.inner]\nx = 1", ":1: there is no key http.inner; there are: …"),
    (r#"log.format = "XML""#, ":1: log.format must be 'text' or 'json', not 'XML' (…"),
    ("log.format = 1", ":1: log.format must be a text, not a whole number 1 (…"),
    (r#"log.level = """#, r#":1: log.level must be error, warn, info, debug or trace, also by module, not "" (…"#),
    ("policy.hold_at = nan", ":1: policy.hold_at must be a whole number, not a number nan (…"),
    ("policy.hold_at = 0", ":1: policy.hold_at must be at least 1 (…"),
    (
        "policy.hold_at = 4294967296",
        ":1: policy.hold_at must be a whole number from -2147483648 to 2147483647, not 4294967296 (…",
    ),
    (r#"policy.first_comment = "Hold""#, ":1: policy.first_comment must be 'hold' or 'screen', not 'Hold' (…"),
    (r#"policy.premoderate_all = "true""#, r#":1: policy.premoderate_all must be true or false, not a text "true" (…"#),
    (
        r#"policy.kinds.pingback = "maybe""#,
        ":1: policy.kinds.pingback must be one of 'screen', 'hold', 'reject', not 'maybe' (…",
    ),
    (
        r#"policy.kinds."Ping Back" = "hold""#,
        ":1: policy.kinds.Ping Back must be 1 to 40 of the characters a-z, 0-9, - and _",
    ),
    ("policy.kinds = []", ":1: policy.kinds must be a table, not a list []"),
    (r#"policy.domains = "a.example""#, r#":1: policy.domains must be a list, not a text "a.example" (…"#),
    (r#"policy.domains = ["no\ndomain"]"#, r#":1: policy.domains[0] "no\ndomain" is not a domain (…"#),
    (r#"policy.phrases = [[["x"]]]"#, ":1: policy.phrases[0] must be a text, not a list (…"),
    ("policy.phrases = [true]", ":1: policy.phrases[0] must be a text, not true (…"),
    (r#"policy.phrases = ["fine", ""]"#, ":1: policy.phrases[1] holds nothing that can be seen (…"),
    (r#"policy.rules.gtube = "off""#, r#":1: policy.rules.gtube must be a table, not a text "off""#),
    (
        r#"policy.rules.gtube.mode = "offf""#,
        ":1: policy.rules.gtube.mode must be one of 'on', 'shadow', 'off', not 'offf' (…",
    ),
    ("policy.rules.gtube.points = 1001", ":1: policy.rules.gtube.points must be between -1000 and 1000 (…"),
    (
        r#"policy.rules.gtube.points = "many""#,
        r#":1: policy.rules.gtube.points must be a whole number, not a text "many" (…"#,
    ),
    (
        "policy.rules.link_count.free = -3",
        ":1: policy.rules.link_count.free must be a whole number from 0 to 65535, not -3 (…",
    ),
    (
        "policy.rules.link_count.free = 65536",
        ":1: policy.rules.link_count.free must be a whole number from 0 to 65535, not 65536 (…",
    ),
    (
        "policy.rules.link_count.fre = 1",
        ":1: there is no key policy.rules.link_count.fre; did you mean policy.rules.link_count.free?",
    ),
    (
        "policy.rules.gtube.depth = 1",
        ":1: there is no key policy.rules.gtube.depth; did you mean policy.rules.author_url_untrusted.depth?",
    ),
    (
        r#"policy.rules.link_cuont.mode = "off""#,
        ":1: there is no key policy.rules.link_cuont; did you mean policy.rules.link_count?",
    ),
    (r#"store.url = """#, r#":1: store.url must be "sqlite:" or an address of Redis, not empty (…"#),
    (
        r#"store.url = "sqlite:other.db""#,
        r#":1: store.url must be "sqlite:" or an address of Redis, not a path; data_dir says where the data lies (…"#,
    ),
    ("store.url = 3", ":1: store.url must be a text, not a whole number (…"),
    (
        r#"auth.operator_key = "0123456789abcdef 0123456789abcdef""#,
        ":1: auth.operator_key must consist of visible ASCII characters, because it is sent in a header (…",
    ),
    (
        "auth.operator_key = 12345678901234567890",
        ":1: is not TOML: a whole number must be from -9223372036854775808 to 9223372036854775807",
    ),
    ("auth.operator_key = false", ":1: auth.operator_key must be a text, not true or false (…"),
    ("auth.operator_key_file = 3", ":1: auth.operator_key_file must name a file, as a text"),
    (r#"auth.operator_key_file = """#, ":1: auth.operator_key_file must name a file, as a text"),
    (r#"auth.operator_key_fiel = "k""#, ":1: there is no key auth.operator_key_fiel; did you mean auth.operator_key?"),
    (r#"http.listen_file = "k""#, ":1: there is no key http.listen_file; there are: …"),
    (
        "auth.operator_key = \"\"\nauth.operator_key_file = \"key\"",
        ":2: auth.operator_key_file and auth.operator_key (mine.toml:1) are both given; leave one out",
    ),
    ("[http]\rworkers = 1", ":1: is not TOML: carriage return must be followed by newline, expected newline"),
    ("x = \"a\x01b\"", r":1: is not TOML: invalid basic string, expected non-double-quote visible characters, `\`"),
    ("x = 'a\x00b\\'", ":1: is not TOML: invalid literal string, expected non-single-quote visible characters"),
    ("# a\x00b", ":1: is not TOML: invalid comment character, expected printable characters"),
    ("x = &a 1", ":1: is not TOML: string values must be quoted, expected literal string"),
    ("x: 1", ":1: is not TOML: key with no value, expected `=`"),
    (r#"{"http": {}}"#, ":1: is not TOML: invalid key-value pair, expected key"),
    ("= 1", ":1: is not TOML: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`"),
    ("[http", ":1: is not TOML: unclosed table, expected `]`"),
    (r#"x = """"#, r#":1: is not TOML: invalid multi-line basic string, expected `"`"#),
];

#[test]
fn every_bad_configuration_is_refused_in_one_line_that_says_why() {
    let folder = tempfile::tempdir().unwrap();
    for (file, expected) in CASES {
        std::fs::write(folder.path().join("mine.toml"), file).unwrap();
        let ran = run(moderato(folder.path()).args(["config", "check", "--config", "mine.toml"])).ends(1);
        let said = ran.err.strip_prefix("moderato: mine.toml").and_then(|said| said.strip_suffix('\n'));
        let said = said.unwrap_or_else(|| panic!("{file:?}: {ran:?}"));
        match expected.strip_suffix('…') {
            Some(expected) => assert!(said.starts_with(expected) && !said.contains('\n'), "{file:?}: {said}"),
            None => assert_eq!(said, *expected, "{file:?}"),
        }
        assert_eq!(ran.out, "");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[u8], &str); 3] = [
        (b"\xff\xfeh\x00", "is not UTF-8 text (line 1)"),
        (b"# fine\nx = \"\xe4\"", "is not UTF-8 text (line 2)"),
        (b"\n\nx = \"\xed\xa0\x80\"", "is not UTF-8 text (line 3)"),
    ];
    for (file, expected) in cases {
        std::fs::write(folder.path().join("mine.toml"), file).unwrap();
        let ran = run(moderato(folder.path()).args(["config", "check", "--config", "mine.toml"])).ends(1);
        assert_eq!(ran.err, format!("moderato: mine.toml: {expected}\n"));
    }
}

#[test]
fn depth_size_and_number_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let keys: Vec<String> = (0..50_000).map(|number| format!("k{number} = 1")).collect();
    let cases = [
        (format!("x = {}{}", "[".repeat(5_000), "]".repeat(5_000)), ":1: is not TOML: cannot recurse further"),
        (format!("x = {}1{}", "{a = ".repeat(5_000), "}".repeat(5_000)), ":1: is not TOML: cannot recurse further"),
        (format!("{} = 1", vec!["a"; 5_000].join(".")), ":1: is not TOML: recursion limit"),
        (keys.join("\n"), ":1: there is no key k0"),
        (" ".repeat(1024 * 1024 + 1), ": is larger than 1024 KiB"),
    ];
    for (file, expected) in cases {
        std::fs::write(folder.path().join("mine.toml"), file).unwrap();
        let ran = run(moderato(folder.path()).args(["check", "--config", "mine.toml"])).ends(1);
        assert!(ran.err.starts_with(&format!("moderato: mine.toml{expected}")), "{expected}: {ran:?}");
        assert!(ran.err.lines().count() == 1 && ran.err.len() < 400, "{ran:?}");
    }
    std::fs::write(folder.path().join("mine.toml"), " ".repeat(1024 * 1024)).unwrap();
    run(moderato(folder.path()).args(["check", "--config", "mine.toml"])).ends(0);
}
