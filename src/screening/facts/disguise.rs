//! Words that look right and are not: letters of several alphabets, or mathematical ones.

use super::Span;
use super::script::{Alphabet, alphabet, cyrillic_twin, latin_twin};

/// A word in disguise.
#[derive(Clone, Copy, Debug)]
pub struct Disguise {
    /// Where it stands in the original.
    pub span: Span,
    /// How often the alphabet changes within it; 0 for letters that are all dressed up.
    pub changes: usize,
}

/// What a word is made of.
#[derive(Clone, Copy, Default)]
pub struct Kinds {
    latin: usize,
    cyrillic: usize,
    foreign: usize,
    /// Mathematical letters.
    pub dressed: usize,
}

impl Kinds {
    /// Counts one more letter.
    pub fn count(&mut self, c: char) {
        match alphabet(c) {
            Some(Alphabet::Latin) => self.latin += 1,
            Some(Alphabet::Cyrillic) => self.cyrillic += 1,
            Some(Alphabet::Greek | Alphabet::Rare) => self.foreign += 1,
            Some(Alphabet::Other) | None => {}
        }
    }

    fn is_mixed(self) -> bool {
        [self.latin, self.cyrillic, self.foreign].iter().filter(|&&count| count > 0).count() > 1
    }

    /// The alphabets that a mixed word may be meant in, the likelier first.
    fn main_alphabets(self) -> &'static [Alphabet] {
        match (self.latin, self.cyrillic) {
            (0, 0) => &[],
            (latin, cyrillic) if cyrillic >= latin => &[Alphabet::Cyrillic, Alphabet::Latin],
            _ => &[Alphabet::Latin, Alphabet::Cyrillic],
        }
    }
}

/// Gives a mixed word the letters of one alphabet, if every other letter in it has a twin there. The answer is how often
/// the alphabet changed, if the word is in disguise.
pub fn undress(word: &mut [(char, usize)], kinds: Kinds) -> Option<usize> {
    if !kinds.is_mixed() {
        return (kinds.dressed > 1).then_some(0);
    }
    let alphabets: Vec<Alphabet> = word.iter().filter_map(|&(c, _)| alphabet(c)).collect();
    let changes = alphabets.windows(2).filter(|pair| pair[0] != pair[1]).count();
    if changes == 1 && is_inflected(&alphabets) {
        return None;
    }
    let fits = |main: Alphabet| word.iter().all(|&(c, _)| twin(c, main).is_some());
    let main = kinds.main_alphabets().iter().copied().find(|&main| fits(main))?;
    for (c, _) in word.iter_mut() {
        *c = twin(*c, main).unwrap_or(*c);
    }
    Some(changes)
}

/// The letter of the main alphabet that this one is or is mistaken for.
fn twin(c: char, main: Alphabet) -> Option<char> {
    match alphabet(c) {
        None | Some(Alphabet::Other) => Some(c),
        Some(found) if found == main => Some(c),
        Some(_) if main == Alphabet::Cyrillic => cyrillic_twin(c),
        Some(_) => latin_twin(c),
    }
}

/// A Latin name with a Cyrillic ending, as Russian inflects foreign names: no disguise.
fn is_inflected(alphabets: &[Alphabet]) -> bool {
    alphabets.starts_with(&[Alphabet::Latin, Alphabet::Latin]) && alphabets.last() == Some(&Alphabet::Cyrillic)
}
