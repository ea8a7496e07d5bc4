//! What decisions teach a learner, and how what it has learnt is kept.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{Comment, Group, Keep, Lesson, RuleId, Timestamp};

/// The most features of one comment.
pub const MAX_FEATURES: usize = 256;

/// The most lessons that a site keeps: of more, the oldest go, learnt or not.
pub const MAX_LESSONS: u64 = 20_000;

/// The most bytes of a snapshot.
pub const MAX_MODEL: usize = 1 << 20;

/// What a comment looks like to a learner: places in its table, in ascending order, each once. They are hashes, of which nobody
/// gets the text back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Features(Vec<u16>);

impl Features {
    /// The first [`MAX_FEATURES`] different ones of these places.
    pub fn new(places: impl IntoIterator<Item = u16>) -> Self {
        // A bit a place: they come out in order, without a sort.
        let mut taken = [0u64; 1 << 10];
        let mut left = MAX_FEATURES;
        for place in places {
            let (word, bit) = (&mut taken[usize::from(place >> 6)], 1 << (place & 63));
            left -= usize::from(*word & bit == 0);
            *word |= bit;
            if left == 0 {
                break;
            }
        }
        let mut first = Vec::with_capacity(MAX_FEATURES - left);
        for (mut bits, above) in taken.into_iter().zip((0u16..).step_by(64)) {
            while bits != 0 {
                first.push(above | u16::from(bits.trailing_zeros().to_le_bytes()[0]));
                bits &= bits - 1;
            }
        }
        Self(first)
    }

    /// The places.
    pub fn places(&self) -> &[u16] {
        &self.0
    }

    /// Whether there are none: such a comment teaches nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The distances from place to place, seven bits a byte, the lowest first.
    fn pack(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * 2);
        let mut last = 0;
        for &place in &self.0 {
            let mut distance = place - last;
            last = place;
            while distance >= 0x80 {
                bytes.push(distance.to_le_bytes()[0] | 0x80);
                distance >>= 7;
            }
            bytes.push(distance.to_le_bytes()[0]);
        }
        bytes
    }

    /// What [`Features::pack`] made; `None` for anything else.
    fn unpack(bytes: &[u8]) -> Option<Self> {
        let (mut places, mut last, mut distance, mut shift) = (Vec::new(), 0u32, 0u32, 0);
        for &byte in bytes {
            distance |= u32::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                if distance == 0 && !places.is_empty() {
                    return None;
                }
                last += distance;
                places.push(u16::try_from(last).ok()?);
                (distance, shift) = (0, 0);
            } else if shift > 14 {
                return None;
            }
        }
        (shift == 0 && places.len() <= MAX_FEATURES).then_some(Self(places))
    }
}

impl Serialize for Features {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::BASE64URL_NOPAD.encode(&self.pack()))
    }
}

impl<'de> Deserialize<'de> for Features {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).map_err(D::Error::custom)?;
        Self::unpack(&bytes).ok_or_else(|| D::Error::custom("no list of features"))
    }
}

/// A decision as a learner is told of it: a comment teaches something else than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Teaching {
    /// What it looks like.
    #[serde(rename = "f")]
    pub features: Features,
    /// The rules that fired on it, in shadow mode too, each once.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleId>,
    /// The points that the learner itself gave it.
    #[serde(rename = "o", default, skip_serializing_if = "is_zero")]
    pub opinion: i32,
    /// What it taught before.
    #[serde(rename = "b", default, skip_serializing_if = "Lesson::is_nothing")]
    pub was: Lesson,
    /// What it teaches now.
    #[serde(rename = "n", default, skip_serializing_if = "Lesson::is_nothing")]
    pub now: Lesson,
}

fn is_zero(points: &i32) -> bool {
    *points == 0
}

impl Teaching {
    /// What the change from one state of a comment to the next teaches; `was` is `None` for a new comment. Only decisions of people
    /// do: an edit changes what a comment looks like, and one that is withdrawn takes nothing back.
    pub fn between(was: Option<&Comment>, now: &Comment) -> Option<Self> {
        let is_edit = was.is_some_and(|was| was.times_edited() != now.times_edited());
        if is_edit || now.withdrawn_at.is_some() || now.features.is_empty() {
            return None;
        }
        let before = was.map_or(Lesson::Nothing, Comment::lesson);
        let after = now.lesson();
        let tells = |lesson: Lesson| matches!(lesson, Lesson::Spam | Lesson::Honest);
        if before == after || !(tells(before) || tells(after)) {
            return None;
        }
        let hits = &now.verdict.hits;
        let mut rules: Vec<RuleId> = hits.iter().map(|hit| hit.rule.clone()).collect();
        rules.sort_unstable();
        rules.dedup();
        let opinion = hits.iter().filter(|hit| hit.group == Group::Learned).map(|hit| hit.points).sum();
        Some(Self { features: now.features.clone(), rules, opinion, was: before, now: after })
    }
}

/// A teaching in its place among those of its site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taught {
    /// Its place: 1 for the site's first, one more for each.
    pub number: u64,
    /// What it says.
    pub teaching: Teaching,
}

/// How far what was taught is kept elsewhere, by which lessons go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The number of the site's newest lesson.
    pub newest: u64,
    /// The number of the last lesson in the snapshot; 0 where there is none.
    pub by_snapshot: u64,
}

impl Covered {
    /// Whether a lesson of this number and time is kept no longer: it is old and in the snapshot, or one of too many.
    pub fn lets_go(self, number: u64, at: Timestamp, now: Timestamp) -> bool {
        let is_learnt = number <= self.by_snapshot && at < Keep::lessons_before(now);
        is_learnt || number.saturating_add(MAX_LESSONS) <= self.newest
    }
}

/// What a learner knows, as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSnapshot {
    /// The number of the last teaching that is in it.
    pub taught: u64,
    /// Everything it knows, in the learner's own form: at most [`MAX_MODEL`].
    pub bytes: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_come_back_as_they_were() {
        for places in [vec![], vec![0], vec![0, 1, 127, 128, 16_511, 16_512, u16::MAX], (0..300).collect()] {
            let features = Features::new(places);
            let text = serde_json::to_string(&features).unwrap();
            assert_eq!(serde_json::from_str::<Features>(&text).unwrap(), features);
        }
    }

    #[test]
    fn of_too_many_features_the_first_stay() {
        let features = Features::new((0..1_000).rev().chain([5, 5]));
        assert_eq!(features.places(), (744..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn what_nobody_packed_is_refused() {
        for bytes in [&[0x80][..], &[0xff, 0xff, 0xff, 0x01], &[1, 0], &[0xff, 0xff, 0x07], &[0; 257]] {
            assert_eq!(Features::unpack(bytes), None, "{bytes:?}");
        }
    }
}
