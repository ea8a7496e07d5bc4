//! What reworded copies of one text share: keys that stay the same when a few words, numbers, links or names change.
//!
//! A store can only look a key up, so two texts must meet in one whole key. The bands of a SimHash do not do that well: with 64
//! bits in four bands of 16, one text in four meets another by chance where there are 5,000. Here a key is made of the smallest
//! hashes of the text's pairs of words (min-wise hashing): two texts that share a part `j` of their pairs agree in one such hash
//! with chance `j`, and in a key of three with its cube. With four keys of three, 1 of 2,008 honest comments shared keys with two
//! other authors' (with keys of two, one in a hundred did). Of copies in which one word in twenty was another, 91 % met two of
//! five earlier ones; of those with one in ten, 66 %; with one in five, 18 %.

use super::Span;
use super::fold::Folded;
use super::words::is_dense;

/// How many keys a text has.
pub const KEYS: usize = 4;

/// How many of the smallest hashes make a key.
const HASHES: usize = 3;

/// The fewest words that tell copies from chance, after numbers, links and names are left out.
const TELLING_WORDS: usize = 10;

/// The fewest different pairs of words: the same word again and again tells nothing.
const TELLING_PAIRS: usize = 6;

/// The shortest word of an author's name that is left out.
const NAME_LETTERS: usize = 3;

/// What begins every chain of hashes. The keys are kept for a year: another number here would be another memory.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// The keys of a folded text; `None` for one that says too little to be recognised. `left_out` (sorted) is what differs
/// between copies, as it stands in the original: links and ways to reach somebody. Numbers and the words of `name` are left
/// out too. Two characters of a script without spaces count as a word.
pub fn keys(folded: &Folded, left_out: &[Span], name: &str) -> Option<[[u8; 16]; KEYS]> {
    let name: Vec<u64> =
        Words::of(name, None).filter(|word| word.letters >= NAME_LETTERS).map(|word| word.hash).collect();
    let mut sketch = Sketch::default();
    for word in Words::of(&folded.text, Some((folded, left_out))) {
        if !word.has_digit && !name.contains(&word.hash) {
            sketch.take(word);
        }
    }
    sketch.keys()
}

/// A word, or one character of a script without spaces.
#[derive(Clone, Copy, Default)]
struct Word {
    hash: u64,
    letters: usize,
    has_digit: bool,
    is_dense: bool,
}

/// The words of a text, from front to back.
struct Words<'t> {
    text: &'t str,
    at: usize,
    origin: Option<(&'t Folded, &'t [Span])>,
}

impl<'t> Words<'t> {
    fn of(text: &'t str, origin: Option<(&'t Folded, &'t [Span])>) -> Self {
        Self { text, at: 0, origin: origin.filter(|(_, left_out)| !left_out.is_empty()) }
    }

    /// Whether what begins here belongs to what is left out. Asked from front to back, so that it looks at each part once.
    fn is_left_out(&mut self, at: usize) -> bool {
        let Some((folded, left_out)) = &mut self.origin else { return false };
        let (place, _) = folded.origin((at, at));
        while left_out.first().is_some_and(|span| span.1 <= place) {
            *left_out = &left_out[1..];
        }
        left_out.first().is_some_and(|span| span.0 <= place)
    }

    fn next_word(&mut self) -> Option<(usize, Word)> {
        let (mut word, mut start) = (Word { hash: SEED, ..Word::default() }, self.at);
        for (offset, c) in self.text[self.at..].char_indices() {
            let at = self.at + offset;
            if is_dense(c) {
                if word.letters == 0 {
                    self.at = at + c.len_utf8();
                    return Some((at, Word { hash: step(SEED, c), letters: 1, has_digit: false, is_dense: true }));
                }
                self.at = at;
                return Some((start, word));
            } else if c.is_alphanumeric() {
                start = if word.letters == 0 { at } else { start };
                word.hash = step(word.hash, c);
                word.letters += 1;
                word.has_digit |= c.is_numeric();
            } else if word.letters > 0 && c != '\'' && c != '’' {
                self.at = at;
                return Some((start, word));
            }
        }
        self.at = self.text.len();
        (word.letters > 0).then_some((start, word))
    }
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        loop {
            let (start, word) = self.next_word()?;
            if !self.is_left_out(start) {
                return Some(word);
            }
        }
    }
}

/// The smallest hashes of the pairs taken so far.
struct Sketch {
    smallest: [u64; KEYS * HASHES],
    before: [Word; 2],
    taken: usize,
    spaced: usize,
    dense: usize,
    different: Vec<u64>,
}

impl Default for Sketch {
    fn default() -> Self {
        Self {
            smallest: [u64::MAX; KEYS * HASHES],
            before: [Word::default(); 2],
            taken: 0,
            spaced: 0,
            dense: 0,
            different: Vec::with_capacity(TELLING_PAIRS),
        }
    }
}

impl Sketch {
    /// Takes the next word: with the one before it it makes a pair, and of a script without spaces with the two before it.
    fn take(&mut self, word: Word) {
        let [first, second] = self.before;
        if second.is_dense {
            if first.is_dense {
                self.pair(join(join(first.hash, second.hash), word.hash));
            }
        } else if self.taken > 0 {
            self.pair(join(second.hash, word.hash));
        }
        self.before = [second, word];
        self.taken += 1;
        self.dense += usize::from(word.is_dense);
        self.spaced += usize::from(!word.is_dense);
    }

    fn pair(&mut self, pair: u64) {
        if self.different.len() < TELLING_PAIRS && !self.different.contains(&pair) {
            self.different.push(pair);
        }
        let mut salt = SEED;
        for smallest in &mut self.smallest {
            salt = salt.wrapping_add(0x9e37_79b9_7f4a_7c15);
            *smallest = (*smallest).min(mix(pair ^ salt));
        }
    }

    fn keys(&self) -> Option<[[u8; 16]; KEYS]> {
        let is_telling = self.spaced + self.dense / 2 >= TELLING_WORDS && self.different.len() >= TELLING_PAIRS;
        is_telling.then(|| {
            std::array::from_fn(|key| {
                let hashes = &self.smallest[key * HASHES..][..HASHES];
                let half = |seed: u64| hashes.iter().fold(seed, |sum, hash| join(sum, *hash));
                let halves = [half(key as u64), half(SEED ^ key as u64)];
                (u128::from(halves[0]) << 64 | u128::from(halves[1])).to_be_bytes()
            })
        })
    }
}

fn step(hash: u64, c: char) -> u64 {
    (hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3)
}

fn join(one: u64, other: u64) -> u64 {
    mix(one.rotate_left(23) ^ other)
}

/// Spreads a number over all 64 bits (the finish of MurmurHash3).
fn mix(mut number: u64) -> u64 {
    number ^= number >> 33;
    number = number.wrapping_mul(0xff51_afd7_ed55_8ccd);
    number ^= number >> 33;
    number = number.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    number ^ (number >> 33)
}

#[cfg(test)]
mod tests;
