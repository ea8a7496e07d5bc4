//! Letters and their alphabets, as far as disguises need them.

/// An alphabet whose letters are mistaken for another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// A to Z and its kin.
    Latin,
    /// Russian, Ukrainian, Bulgarian …
    Cyrillic,
    /// Greek.
    Greek,
    /// Small alphabets that only disguises mix into these: Armenian, Cherokee, N'Ko, Coptic, Lisu.
    Rare,
    /// Letters that are no look-alikes of these.
    Other,
}

/// The alphabet of a letter; `None` for digits, marks and everything that goes with any alphabet.
pub fn alphabet(c: char) -> Option<Alphabet> {
    match c as u32 {
        0x30..=0x39 => None,
        0x00..=0x7F => Some(Alphabet::Latin),
        0xAA | 0xB5 | 0xBA => None,
        0xC0..=0x24F | 0x250..=0x2AF | 0x1D00..=0x1DBF | 0x1E00..=0x1EFF | 0x2C60..=0x2C7F | 0xA720..=0xA7FF => {
            Some(Alphabet::Latin)
        }
        0x370..=0x3FF | 0x1F00..=0x1FFF => Some(Alphabet::Greek),
        0x400..=0x52F | 0x1C80..=0x1C8F | 0x2DE0..=0x2DFF | 0xA640..=0xA69F => Some(Alphabet::Cyrillic),
        0x531..=0x587 | 0x7C0..=0x7FF | 0x13A0..=0x13FF | 0x2C80..=0x2CFF | 0xA4D0..=0xA4FF | 0xAB70..=0xABBF => {
            Some(Alphabet::Rare)
        }
        _ if c.is_alphabetic() => Some(Alphabet::Other),
        _ => None,
    }
}

/// The Cyrillic letter that a small Latin letter is mistaken for.
pub fn cyrillic_twin(c: char) -> Option<char> {
    let twin = match c {
        'a' | 'ᴀ' => 'а',
        'b' | 'ʙ' => 'в',
        'c' | 'ᴄ' => 'с',
        'e' | 'ᴇ' => 'е',
        'h' | 'ʜ' => 'н',
        'i' => 'і',
        'j' => 'ј',
        'k' | 'ᴋ' => 'к',
        'm' | 'ᴍ' => 'м',
        'o' | 'ᴏ' => 'о',
        'p' | 'ᴩ' => 'р',
        's' => 'ѕ',
        't' | 'ᴛ' => 'т',
        'y' => 'у',
        'x' => 'х',
        _ => return None,
    };
    Some(twin)
}

/// The Latin letter that a letter of another alphabet is mistaken for (Unicode's table of confusables, UTS 39,
/// and the twins in upper case that small Greek and Cyrillic letters have).
pub fn latin_twin(c: char) -> Option<char> {
    let twin = match c {
        'в' | 'β' => 'b',
        'н' | 'η' => 'h',
        'к' | 'κ' => 'k',
        'м' | 'μ' => 'm',
        'т' | 'τ' => 't',
        'α' => 'a',
        'ε' => 'e',
        'ι' => 'i',
        'υ' => 'u',
        'χ' => 'x',
        _ => {
            let mut letters = [0; 4];
            let mut prototype = unicode_security::skeleton(c.encode_utf8(&mut letters));
            let first = prototype.next()?;
            return (prototype.next().is_none() && first.is_ascii_alphabetic()).then(|| first.to_ascii_lowercase());
        }
    };
    Some(twin)
}

/// A character written as one of the mathematical letters and digits, which prose never needs in a row.
pub fn is_dressed(c: char) -> bool {
    matches!(c as u32, 0x1D400..=0x1D7FF | 0x1F130..=0x1F149 | 0x1F150..=0x1F169 | 0x1F170..=0x1F189)
}

/// The digit that a circled or otherwise dressed one stands for, where NFKC does not say so.
pub fn plain_digit(c: char) -> Option<char> {
    let value = match c as u32 {
        code @ 0x2776..=0x277E => code - 0x2776 + 1,
        code @ 0x2780..=0x2788 => code - 0x2780 + 1,
        code @ 0x278A..=0x2792 => code - 0x278A + 1,
        code @ 0x24F5..=0x24FD => code - 0x24F5 + 1,
        0x24FF | 0x1F10B | 0x1F10C => 0,
        _ => return None,
    };
    char::from_digit(value, 10)
}

/// A mark that only strikes through, underlines or frames the letter before it.
pub fn is_overlay(c: char) -> bool {
    matches!(c, '\u{305}' | '\u{332}'..='\u{338}' | '\u{33F}' | '\u{20D0}'..='\u{20F0}' | '\u{FE00}'..='\u{FE0F}')
}

/// How many marks a letter of an alphabet carries in honest writing; `None` for alphabets that are written in marks.
pub fn most_marks(base: char) -> Option<usize> {
    match alphabet(base) {
        Some(Alphabet::Latin | Alphabet::Cyrillic) => Some(2),
        Some(Alphabet::Greek) => Some(3),
        _ if base.is_ascii_digit() => Some(0),
        _ => None,
    }
}

/// A character that shows nothing. Joiners are another matter in emoji and in the scripts that need them.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}')
}
