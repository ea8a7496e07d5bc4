//! What was taught, and the snapshot of what was learnt of it.

use moderato::domain::{MAX_MODEL, Teaching};

use super::{Audit, Keys};

impl Audit {
    /// The numbers have no gaps up to the newest, which the site knows; every lesson can be read, and no snapshot knows more.
    pub(super) fn lessons(&mut self, keys: &Keys) {
        let text = |name: &str| keys.texts.get(name).map(|value| String::from_utf8_lossy(value));
        let taught: u64 = match text("n").map(|number| number.parse()) {
            None => 0,
            Some(Ok(number)) => number,
            Some(Err(_)) => return self.faults.push("the number of the newest lesson is none".to_owned()),
        };
        let count = keys.lessons.len() as u64;
        self.demand(count <= taught, || format!("{count} lessons, and {taught} were taught"));
        for (number, (id, fields)) in (taught.saturating_sub(count) + 1..).zip(&keys.lessons) {
            self.demand(*id == format!("{number}-0"), || format!("lesson {id}: {number} is next of {taught}"));
            let said = match &fields[..] {
                [a, at, l, lesson] if a == b"a" && l == b"l" => at.iter().all(u8::is_ascii_digit).then_some(lesson),
                _ => None,
            };
            let read = said.and_then(|lesson| serde_json::from_slice::<Teaching>(lesson).ok());
            self.demand(read.is_some_and(|lesson| lesson.was != lesson.now), || format!("lesson {id} is damaged"));
        }
        let Some(model) = keys.texts.get("m") else { return };
        let (head, body) = model.split_at_checked(28).unwrap_or_default();
        let is_whole = head.get(16..24) == Some(format!("{:08x}", crc32fast::hash(body)).as_bytes());
        let number = body.split(|byte| *byte == b' ').next().unwrap_or_default();
        let learnt = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
        self.demand(is_whole && learnt.is_some_and(|learnt: u64| learnt <= taught), || {
            format!("its snapshot is damaged, or of more than {taught} lessons")
        });
        self.demand(body.len() <= MAX_MODEL + number.len() + 1, || "its snapshot is too long".to_owned());
    }
}
