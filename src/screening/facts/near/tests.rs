//! What the keys of reworded copies promise.

use proptest::prelude::*;

use super::*;
use crate::screening::facts::fold::fold;

const LETTER: &str = "I was in debt until doctor Peter of the city hospital sent me a programmed card, and now I draw five thousand \
                      every day from any machine in town without being caught by anybody at all";

fn keys_of(text: &str) -> Option<[[u8; 16]; KEYS]> {
    keys(&fold(text, &[]), &[], "")
}

/// How many keys two texts share, each in its place.
fn shared(one: &str, other: &str) -> usize {
    let (one, other) = (keys_of(one).unwrap(), keys_of(other).unwrap());
    one.iter().zip(&other).filter(|(one, other)| one == other).count()
}

#[test]
fn a_copy_with_a_word_changed_shares_keys_and_another_text_none() {
    assert!(shared(LETTER, &LETTER.replace("programmed", "special")) >= 1);
    assert!(shared(LETTER, &LETTER.replace(" at all", "")) >= 1);
    let other =
        "The second chapter of the book says that a card can be read by any machine in town, which I doubt every day";
    assert_eq!(shared(LETTER, other), 0);
}

#[test]
fn polite_short_texts_and_repetitions_have_no_keys() {
    for text in [
        "Thank you very much for this great post!",
        "1 2 3 4 5 6 7 8 9 10 11 12",
        "ha ha ha ha ha ha ha ha ha ha ha",
        "非常好谢谢你的文章很有用",
    ] {
        assert_eq!(keys_of(text), None, "{text}");
    }
}

#[test]
fn scripts_without_spaces_are_compared_by_their_characters() {
    let text = "这个产品非常好用我已经买了两个了朋友们都说质量不错价格也便宜推荐给大家";
    assert_eq!(shared(text, &text.replace("，", "")), KEYS);
    assert!(shared(text, &text.replace("推荐", "介绍")) >= 1);
}

#[test]
fn what_is_left_out_makes_no_difference() {
    let with = format!("{LETTER} http://a.example/x?y=z&some=words Write to Ana");
    let start = with.find("http").unwrap();
    let spans = [(start, with.find(" Write").unwrap())];
    let without = format!("{LETTER} Write to");
    assert_eq!(keys(&fold(&with, &[]), &spans, "ana"), keys_of(&without));
}

#[test]
fn keys_stay_what_they_were() {
    let keys = keys_of(LETTER).unwrap().map(|key| data_encoding::HEXLOWER.encode(&key));
    assert_eq!(
        keys,
        [
            "26281e8559f4e669810eee9c6a32da3f",
            "51b62cbeaedf850de50ca13087f5897e",
            "588afe1935bfb2acd4acbb65a3edaad7",
            "1c9de1cc679c07061604741e53ed9c34",
        ]
    );
}

proptest! {
    #[test]
    fn numbers_case_marks_and_look_alikes_change_no_key(
        words in prop::collection::vec("[a-z]{2,9}", 10..60), number in 0..10_000_u32, at in 0..10_usize, mark in "[-.,!?;:] ?",
    ) {
        let plain = words.join(" ");
        let expected = keys_of(&plain);
        let mut dressed = words.clone();
        dressed.insert(at, number.to_string());
        let dressed = dressed.join(&format!("{mark} "));
        prop_assert_eq!(keys_of(&dressed), expected);
        prop_assert_eq!(keys_of(&plain.to_uppercase()), expected);
        let wide: String = plain.chars().map(|c| if c.is_ascii_lowercase() { char::from_u32(c as u32 + 0xFEE0).unwrap() } else { c }).collect();
        prop_assert_eq!(keys_of(&wide), expected);
    }

    #[test]
    fn no_text_and_no_spans_break_it(text in ".{0,200}", spans in prop::collection::vec((0..300_usize, 0..300_usize), 0..5)) {
        let mut spans: Vec<Span> = spans.into_iter().map(|(one, other)| (one.min(other), one.max(other))).collect();
        spans.sort_unstable();
        keys(&fold(&text, &[]), &spans, &text);
    }
}
