//! Amounts of money: numbers with a currency's sign or word beside them.

use super::Span;

/// Currencies' signs.
const SIGNS: &[char] = &['$', '€', '£', '₽', '₹', '₴', '¥', '₩', '💵', '₿'];

/// Currencies' words, in lower case, as they follow a number.
const NAMES: &[&str] = &[
    "usd",
    "usdt",
    "eur",
    "euro",
    "euros",
    "dollar",
    "dollars",
    "pounds",
    "btc",
    "р",
    "руб",
    "рублей",
    "рубля",
    "грн",
    "долларов",
    "доллара",
    "baht",
    "juta",
    "rupees",
    "元",
    "块",
];

/// The most tokens that a number grouped by spaces or points is made of, after its first.
const MOST_GROUPS: usize = 3;

/// Which of the words of a folded text begin an amount of money.
pub fn amounts(text: &str, tokens: &[Span]) -> Vec<usize> {
    let word = |at: usize| tokens.get(at).map(|&(start, end)| &text[start..end]);
    let mut amounts = Vec::new();
    for (at, &(start, _)) in tokens.iter().enumerate() {
        if !text.as_bytes()[start].is_ascii_digit() || amounts.len() > 16 {
            continue;
        }
        let groups = (at..at + MOST_GROUPS).take_while(|&at| word(at).is_some_and(is_number)).count();
        let last = at + groups.saturating_sub(1);
        let end = tokens.get(last).map_or(text.len(), |&(_, end)| end);
        let before = text[..start].trim_end_matches(' ').ends_with(SIGNS);
        let after = text[end..].trim_start_matches([' ', '+', ']']).starts_with(SIGNS);
        let glued = word(at).is_some_and(|word| is_currency(unit(word)));
        let named = word(last + 1).is_some_and(is_currency);
        if before || after || glued || named {
            amounts.push(at);
        }
    }
    amounts
}

/// Digits, with a sign for thousands at most.
fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit()) && matches!(unit(word), "" | "k" | "к" | "тыс" | "m")
}

/// What stands behind a number within its word.
fn unit(word: &str) -> &str {
    word.trim_start_matches(|c: char| c.is_ascii_digit())
}

fn is_currency(word: &str) -> bool {
    NAMES.contains(&word) || word.starts_with('元') || word.starts_with('块')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screening::facts::words::tokens;

    #[test]
    fn amounts_are_numbers_of_a_currency() {
        for (text, expected) in [
            ("from $500 a week", 1),
            ("8 500 руб в день", 2),
            ("50k$ and 100 usdt", 2),
            ("每天 200元", 1),
            ("version 5.10 of 2024", 0),
            ("$x and 5 apples", 0),
        ] {
            assert_eq!(amounts(text, &tokens(text)).len(), expected, "{text}");
        }
    }
}
