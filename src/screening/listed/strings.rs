//! Many strings looked for in one pass over a text: every place of each of them.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};

use super::steps::Steps;

/// How many of a string's first bytes the automaton knows. Strings that begin alike are told apart by a search in their sorted
/// order, so that the automaton stays small however long they are.
const KEY: usize = 8;

const NONE: u32 = u32::MAX;

/// Strings, compiled.
#[derive(Default)]
pub struct Strings {
    automaton: Option<AhoCorasick>,
    /// For each key of the automaton the first of the strings that begin with it and the one after the last.
    ranges: Vec<(u32, u32)>,
    /// All strings, sorted, one after the other.
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
    /// The longest other string of the same key that each begins with.
    parents: Vec<u32>,
    /// Which of those given each is.
    given: Vec<u32>,
}

impl Strings {
    /// Compiles strings, none of them empty; `None` if they are too many.
    pub fn compile<'s>(strings: impl Iterator<Item = &'s str>) -> Option<Self> {
        let mut sorted: Vec<(&str, u32)> = strings.zip(0..).collect();
        sorted.sort_unstable();
        if sorted.is_empty() {
            return Some(Self::default());
        }
        let mut compiled = Self::default();
        let mut keys: Vec<&[u8]> = Vec::new();
        let mut nested: Vec<u32> = Vec::new();
        for (place, &(string, given)) in (0..).zip(&sorted) {
            let key = &string.as_bytes()[..string.len().min(KEY)];
            if keys.last() != Some(&key) {
                keys.push(key);
                compiled.ranges.push((place, place));
                nested.clear();
            }
            if let Some(range) = compiled.ranges.last_mut() {
                range.1 = place + 1;
            }
            while nested.last().is_some_and(|&outer| !string.starts_with(sorted[outer as usize].0)) {
                nested.pop();
            }
            compiled.parents.push(nested.last().copied().unwrap_or(NONE));
            nested.push(place);
            compiled.text.push_str(string);
            compiled.ends.push(u32::try_from(compiled.text.len()).ok()?);
            compiled.given.push(given);
        }
        let mut builder = AhoCorasickBuilder::new();
        builder.kind(Some(AhoCorasickKind::ContiguousNFA)).prefilter(false);
        compiled.automaton = Some(builder.build(keys).ok()?);
        compiled.text.shrink_to_fit();
        compiled.ranges.shrink_to_fit();
        for numbers in [&mut compiled.ends, &mut compiled.parents, &mut compiled.given] {
            numbers.shrink_to_fit();
        }
        Some(compiled)
    }

    /// Visits every place of a text where one of the strings stands: (which of those given, first byte, byte after the last).
    pub fn each(&self, text: &str, steps: &Steps, mut visit: impl FnMut(usize, (usize, usize))) {
        let Some(automaton) = &self.automaton else { return };
        for key in automaton.find_overlapping_iter(text) {
            let (from, to) = self.ranges[key.pattern().as_usize()];
            let rest = &text.as_bytes()[key.start()..];
            let mut place = match to - from {
                1 => from,
                _ => match self.last_up_to(rest, (from, to)) {
                    Some(place) => place,
                    None => continue,
                },
            };
            while place != NONE {
                if !steps.take(1) {
                    return;
                }
                let string = self.string(place);
                if rest.starts_with(string) {
                    visit(self.given[place as usize] as usize, (key.start(), key.start() + string.len()));
                }
                place = self.parents[place as usize];
            }
        }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        let automaton = self.automaton.as_ref().map_or(0, AhoCorasick::memory_usage);
        automaton + self.text.capacity() + 4 * (2 * self.ranges.len() + 3 * self.ends.len())
    }

    /// The last string of a range that does not come after this text: all that the text begins with are it and its parents.
    fn last_up_to(&self, text: &[u8], (mut from, mut to): (u32, u32)) -> Option<u32> {
        let first = from;
        while from < to {
            let middle = from + (to - from) / 2;
            if self.string(middle) <= text {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from.checked_sub(1).filter(|place| *place >= first)
    }

    fn string(&self, place: u32) -> &[u8] {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        &self.text.as_bytes()[start as usize..self.ends[place as usize] as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]
        #[test]
        fn every_place_of_every_string_is_found_once(
            strings in prop::collection::vec("[ab]{1,14}|[a-c本 ]{1,6}", 0..40),
            text in "[ab]{0,60}|[a-c本 ]{0,40}",
        ) {
            let compiled = Strings::compile(strings.iter().map(String::as_str)).unwrap();
            let mut found = Vec::new();
            compiled.each(&text, &Steps::new(), |which, (start, _)| found.push((which, start)));
            found.sort_unstable();
            let mut expected = Vec::new();
            for (which, string) in strings.iter().enumerate() {
                let places = text.char_indices().map(|(place, _)| place);
                expected.extend(places.filter(|&place| text[place..].starts_with(string)).map(|place| (which, place)));
            }
            prop_assert_eq!(found, expected);
        }
    }
}
