//! The bodies that cases are sent in: ordinary ones with a mark in content, name and e-mail, and one field that is not ordinary.

use serde_json::{Value, json};

use super::value::Sent;

/// What no log may show: every submission has it in each of content, name and e-mail that is not under test.
pub const CANARY: &str = "kanarienvogel7c1e";

/// Stands for the value until the body is bytes.
const PLACE: &str = "the value's place";

/// An ordinary submission with something in every field. `number` makes text, author and id its own.
pub fn submission(number: usize) -> Value {
    json!({
        "external_id": format!("case-{number}"),
        "post": {
            "id": format!("post-{}", number % 50), "url": "https://blog.example/a", "title": "A post", "language": "en",
            "excerpt": "It begins so.", "tags": ["tag"],
        },
        "parent": { "external_id": "above", "author": { "name": "Somebody" }, "content": "What is answered." },
        "author": {
            "name": format!("{CANARY} {number}"), "email": format!("{CANARY}{number}@mail.example"),
            "url": "https://people.example/",
        },
        "content": format!("I have read part {number} of this with joy, and wonder what the {CANARY} in it is about."),
        "client": { "user_agent": "Mozilla/5.0", "referrer": "https://blog.example/" },
        "mention": { "source": "https://there.example/", "target": "https://blog.example/a" },
    })
}

/// The same with the value in its place, as the bytes of a body.
pub fn body_with(mut body: Value, place: &str, sent: &Sent) -> Vec<u8> {
    put(&mut body, place);
    let json = serde_json::to_vec(&body).unwrap();
    let mark = serde_json::to_vec(PLACE).unwrap();
    let at = json.windows(mark.len()).position(|found| found == mark).unwrap();
    [&json[..at], &sent.literal, &json[at + mark.len()..]].concat()
}

/// Puts the mark into its place, with what has to stand beside it.
fn put(body: &mut Value, place: &str) {
    match place {
        "/author/account/id" => body["author"]["account"] = json!({ "provider": "blog", "id": "" }),
        "/decided/actor" => body["decided"] = json!({ "action": "approve", "by": "person" }),
        _ => {}
    }
    let (parent, name) = place.rsplit_once('/').unwrap();
    if parent == "/form" {
        body["form"] = json!({});
    }
    let parent = body.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = PLACE.into(),
        object => object[name] = PLACE.into(),
    }
}

/// Everything of `expected` that `answer` does not have, by its place.
pub fn missing(expected: &Value, answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(expected, answer, "", &mut found);
    found
}

fn compare(expected: &Value, answer: &Value, place: &str, found: &mut Vec<String>) {
    match (expected, answer) {
        (Value::Object(fields), Value::Object(_)) => {
            for (name, value) in fields {
                compare(value, &answer[name], &format!("{place}/{name}"), found);
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            for (number, (item, other)) in items.iter().zip(others).enumerate() {
                compare(item, other, &format!("{place}/{number}"), found);
            }
        }
        _ if expected == answer => {}
        _ => found.push(format!("{place} is {answer:.80}, sent was {expected:.80}")),
    }
}
