//! The plain letters that a character is a form of: `ﬁ` is `fi`, `Ａ` is `a`, looked up once for the many times it stands.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::script::plain_digit;

/// How many characters are remembered: more than an alphabet has.
const SLOTS: usize = 256;

/// What a character comes to: small letters, composed; with each, whether it belongs to a word.
pub type Plain = Vec<(char, bool)>;

/// Characters and what they come to. One place a character, taken over by the next that falls on it.
#[derive(Debug, Default)]
pub struct Forms {
    slots: Vec<(char, Plain)>,
}

impl Forms {
    /// What a character comes to. It is lent out: `give_back` keeps it for the next time.
    pub fn take(&mut self, c: char) -> Plain {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, Default::default);
        }
        let (known, plain) = &mut self.slots[c as usize % SLOTS];
        let mut plain = std::mem::take(plain);
        if *known != c || plain.is_empty() {
            *known = c;
            plain.clear();
            match plain_digit(c).or_else(|| squared_letter(c)).or_else(|| small_capital(c)) {
                Some(letter) => plain.push((letter, true)),
                None if matches!(c, '╋' | '➕') => plain.push(('+', false)),
                None => plain.extend(std::iter::once(c).nfkc().flat_map(small)),
            }
        }
        plain
    }

    /// Takes back what was lent.
    pub fn give_back(&mut self, c: char, plain: Plain) {
        self.slots[c as usize % SLOTS].1 = plain;
    }
}

/// A character in lower case; with each letter of it, whether it belongs to a word.
pub fn small(c: char) -> impl Iterator<Item = (char, bool)> {
    c.to_lowercase().map(|small| (small, small.is_alphanumeric() || is_combining_mark(small)))
}

/// The letter in a square, which NFKC keeps as a symbol.
pub fn squared_letter(c: char) -> Option<char> {
    let offset = match c as u32 {
        code @ 0x1F130..=0x1F149 => code - 0x1F130,
        code @ 0x1F150..=0x1F169 => code - 0x1F150,
        code @ 0x1F170..=0x1F189 => code - 0x1F170,
        _ => return None,
    };
    char::from_u32('a' as u32 + offset)
}

/// The letter that a small capital stands for, which NFKC keeps.
fn small_capital(c: char) -> Option<char> {
    let small = match c {
        'ᴀ' => 'a',
        'ʙ' => 'b',
        'ᴄ' => 'c',
        'ᴅ' => 'd',
        'ᴇ' => 'e',
        'ɢ' => 'g',
        'ʜ' => 'h',
        'ɪ' => 'i',
        'ᴊ' => 'j',
        'ᴋ' => 'k',
        'ʟ' => 'l',
        'ᴍ' => 'm',
        'ɴ' => 'n',
        'ᴏ' => 'o',
        'ᴘ' => 'p',
        'ʀ' => 'r',
        'ꜱ' => 's',
        'ᴛ' => 't',
        'ᴜ' => 'u',
        'ᴠ' => 'v',
        'ᴡ' => 'w',
        'ʏ' => 'y',
        'ᴢ' => 'z',
        _ => return None,
    };
    Some(small)
}

/// The letter that a regional indicator stands for.
pub fn indicated_letter(c: char) -> Option<char> {
    let offset = (c as u32).checked_sub(0x1F1E6).filter(|&offset| offset < 26)?;
    char::from_u32('a' as u32 + offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_would_be_found() {
        let mut forms = Forms::default();
        // U+FF21 and U+0121 fall on the same place.
        for c in ['Ａ', 'ġ', 'Ａ', 'ﬁ', 'ﬁ', '🅰', '➋', '가', 'ำ'] {
            let plain = forms.take(c);
            let found: String = plain.iter().map(|&(c, _)| c).collect();
            forms.give_back(c, plain);
            let expected = match c {
                '🅰' => "a".to_owned(),
                '➋' => "2".to_owned(),
                _ => std::iter::once(c).nfkc().flat_map(char::to_lowercase).collect(),
            };
            assert_eq!(found, expected, "{c}");
        }
    }
}
