//! Made-up comments of about 600 bytes with distinct authors, distinct texts and two links.

use serde_json::{Value, json};

const WORDS: &[&str] = &[
    "harbour", "winter", "bicycle", "lantern", "recipe", "garden", "letter", "mountain", "kitchen", "window",
    "morning", "river", "library", "engine", "painter", "bridge", "orchard", "station", "compass", "village",
    "thunder", "copper", "meadow", "journal", "ladder", "saddle", "marble", "pepper", "ribbon", "timber", "velvet",
    "walnut",
];

/// The `number`th comment of a series.
pub fn submission(series: &str, number: u64) -> Value {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
    let mut text = format!("Thank you for part {number} of this.");
    while text.len() < 520 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = WORDS[(state >> 40) as usize % WORDS.len()];
        text.push_str(if text.len() % 9 == 0 { ", the " } else { " " });
        text.push_str(word);
    }
    text.push_str(&format!(" (see https://notes{number}.example.org/a and https://pictures{number}.example.net/b)."));
    json!({
        "external_id": format!("{series}-{number}"),
        "post": { "id": format!("{}", number % 500), "url": "https://blog.example/2026/11/a-post" },
        "author": { "name": format!("Reader {number}"), "email": format!("reader{number}@mail.example") },
        "content": text,
        "client": { "ip": format!("192.0.2.{}", number % 250), "user_agent": "Mozilla/5.0 (X11; Linux x86_64)" },
    })
}
