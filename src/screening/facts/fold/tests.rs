//! What the fold promises: texts that look alike become one, and every place leads back to the original.

use proptest::prelude::*;

use super::*;

#[test]
fn texts_that_look_alike_become_one() {
    for (source, expected) in [
        ("Hello  World\n!", "hello world !"),
        ("Ｃａｓｉｎｏ ①②", "casino 12"),
        ("ca\u{200B}si\u{AD}no", "casino"),
        ("𝘿𝙊R𝘼𝟩𝟩 🅰🅱", "dora77 ab"),
        ("саsino", "casino"),
        ("пoиcкe", "поиске"),
        ("e\u{301}te\u{301}", "été"),
        ("➊➋", "12"),
        ("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}", "한글"),
        ("กำ", "ก\u{E4D}า"),
        ("1\u{FE0F}\u{20E3}2\u{20E3}⓷ ╋①", "123 +1"),
        ("🇨\u{200B}🇦\u{200B}🇸\u{200B}🇮\u{200B}🇳\u{200B}🇴", "casino"),
        ("Ana 🇩🇪🇫🇷", "ana 🇩🇪🇫🇷"),
        ("ᴄᴀsɪɴᴏ ᶜᵃˢⁱⁿᵒ ⒞⒜", "casino casino (c)(a)"),
        ("c\u{336}a\u{336}s\u{336}ino", "casino"),
        ("c\u{301}\u{302}\u{303}a\u{316}\u{317}\u{318}\u{319}sino", "casino"),
        ("tie\u{302}\u{301}ng ᾧ", "tiếng ᾧ"),
        ("ca\u{E0041}s\u{E0020}ino", "casino"),
        ("usb-кабель VPNщик", "usb-кабель vpnщик"),
        ("می\u{200C}خواهم", "می\u{200C}خواهم"),
    ] {
        assert_eq!(fold_for_search(source), expected);
    }
}

#[test]
fn markup_is_read_as_it_is_seen() {
    let source = "ca<b>si</b>no<br>&#97;b";
    let hidden = [
        ((2, 5), Shows::Nothing),
        ((7, 11), Shows::Nothing),
        ((13, 17), Shows::Space),
        ((17, 22), Shows::Character('A')),
    ];
    let folded = fold(source, &hidden.map(|(span, shows)| Hidden { span, shows }));
    assert_eq!(folded.text, "casino ab");
    assert_eq!((folded.origin((0, 6)), folded.origin((7, 9))), ((0, 13), (17, 23)));
}

#[test]
fn a_place_in_the_fold_leads_back_to_the_original() {
    let source = "Ａ  ca\u{200B}sino ﬁne";
    let folded = fold(source, &[]);
    let origin = |word: &str| {
        let at = folded.text.find(word).unwrap();
        let (start, end) = folded.origin((at, at + word.len()));
        &source[start..end]
    };
    assert_eq!((origin("casino"), origin("fine"), origin("a ")), ("ca\u{200B}sino", "ﬁne", "Ａ  "));
}

#[test]
fn characters_that_stand_for_many_do_not_make_a_text_long() {
    for piece in ["ﷺ", "ﷺa ", "㌀", "&#xFDFA;", "ຳ", "\u{F77}"] {
        let source = piece.repeat(64 * 1024 / piece.len());
        let hidden = crate::screening::facts::entities::references(&source);
        let folded = fold(&source, &hidden);
        assert!(folded.is_cut, "{piece}");
        assert!(folded.text.len() <= KEPT_OF_CUT, "{piece}");
    }
    assert!(!fold(&"ﷺ ".repeat(100), &[]).is_cut);
}

proptest! {
    #[test]
    fn every_span_leads_to_character_boundaries(source in "\\PC{0,40}|[a-zа-я1╋🇨🇦\u{200B}\u{301}\u{336}\u{20E3}\u{FE0F}𝘿 ]{0,30}") {
        let folded = fold(&source, &[]);
        let places: Vec<usize> = folded.text.char_indices().map(|(at, _)| at).chain([folded.text.len()]).collect();
        for pair in places.windows(2) {
            let (start, end) = folded.origin((pair[0], pair[1]));
            prop_assert!(source.is_char_boundary(start) && source.is_char_boundary(end));
            prop_assert!(start <= end && end <= source.len());
        }
    }

    #[test]
    fn folding_twice_changes_nothing_in_plain_text(source in "[ -~]{0,60}") {
        let once = fold_for_search(&source);
        prop_assert_eq!(fold_for_search(&once), once);
    }
}
