//! Ways to reach somebody outside the site: e-mail addresses, messenger names, telephone numbers and wallets.

use std::sync::LazyLock;

use regex::Regex;

use super::fold::Folded;
use super::target::boundary_before;
use super::wallet::is_wallet;
use super::{Reading, Span};

/// A way to reach somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    /// What kind of way.
    pub kind: HandleKind,
    /// Where it stands in the content.
    pub span: Span,
    /// What all ways of writing it share: a number's digits, an address or name in lower case.
    pub name: String,
}

/// The kinds of ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleKind {
    /// An e-mail address.
    Mail,
    /// A name or link of a messenger.
    Messenger,
    /// A telephone number, or a messenger's number.
    Phone,
    /// The address of a wallet of a crypto currency.
    Wallet,
}

impl HandleKind {
    /// The value's word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            HandleKind::Mail => "mail",
            HandleKind::Messenger => "messenger",
            HandleKind::Phone => "phone",
            HandleKind::Wallet => "wallet",
        }
    }
}

/// Hosts of messengers' own links.
const MESSENGER_HOSTS: &[&str] =
    &["t.me", "telegram.me", "wa.me", "whatsapp.com", "line.me", "signal.me", "m.me", "vk.me", "viber.com"];

/// What is read of one comment's numbers and names.
const MAX_HANDLES: usize = 64;

/// A number of seven digits or more, grouped as people write telephone numbers.
static NUMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\+?\(?[0-9](?:[-. –—‑()]{0,2}[0-9]){6,16}").ok());

/// A messenger's word followed by a name or number.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"(?:telegram|телеграм\w{0,3}|whatsapp|whats app|ватсап\w{0,2}|тг|tg|skype|wechat|weixin|微信号?|薇信|扣扣|qq群?|vx|icq|viber|kik|line id|snapchat)[ :：=_-]{1,4}(?:(?:id|me|is|at|on|number)[ :：]{1,3})?(?:@[a-z0-9_.]{3,32}|[a-z_.]{0,16}[0-9][a-z0-9_.-]{4,24})";
    Regex::new(pattern).ok()
});

/// A name whose messenger is named behind it, or one of a messenger that honest texts mean otherwise without the `@`.
static MENTIONED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"@[a-z][a-z0-9_]{4,31} (?:on|in|via|at|в) (?:telegram|whatsapp|signal|discord|instagram|ig|tg|тг|телеграм\w{0,2})|(?:signal|discord|instagram|insta|ig)[ :=-]{1,4}(?:(?:id|me|is|at|on)[ :]{1,3})?@[a-z0-9_.]{3,32}";
    Regex::new(pattern).ok()
});

/// An e-mail address with its signs spelled out.
static SPELLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"[a-z0-9][a-z0-9_.-]{1,40} ?(?:[(\[{] ?at ?[)\]}] ?[a-z0-9-]{2,30}(?:\.| ?[(\[{] ?dot ?[)\]}] ?| dot )| at [a-z0-9-]{2,30} dot )(?:com|net|org|info|biz|io|co|ru|de|uk|in)";
    Regex::new(pattern).ok()
});

/// A word to be sent to a short number.
static SHORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"(?:txt|text|sms|reply|send)(?: [a-z0-9]{1,16}){1,5} to:? ?(?:no:? ?)?[0-9]{5,6}";
    Regex::new(pattern).ok()
});

/// Words that make a plain number one to be called.
const CALLING: &[&str] = &[
    "call",
    "phone",
    "tel",
    "dial",
    "whatsapp",
    "text",
    "sms",
    "mobile",
    "hotline",
    "helpline",
    "toll",
    "support",
    "number",
    "contact",
    "телефон",
    "тел",
    "звоните",
    "电话",
    "手机",
    "热线",
    "tlf",
    "teléfono",
    "llama",
    "anruf",
    "telefon",
    "hubungi",
];

/// Every handle of a comment, in no particular order.
pub fn find(content: &str, folded: &Folded, reading: &Reading) -> Vec<Handle> {
    let mails = reading.mails.iter().map(|&span| Handle {
        kind: HandleKind::Mail,
        span,
        name: content.get(span.0..span.1).unwrap_or_default().to_lowercase(),
    });
    let messengers = reading.links.iter().filter(|link| MESSENGER_HOSTS.contains(&link.target.owner.as_str()));
    let messengers = messengers.map(|link| Handle {
        kind: HandleKind::Messenger,
        span: link.span,
        name: format!("{}{}", link.target.owner, link.target.path.to_lowercase()),
    });
    let mut found: Vec<Handle> = mails.chain(messengers).take(MAX_HANDLES).collect();
    let is_inside_link = |span: Span| reading.links.iter().any(|link| link.span.0 < span.1 && span.0 < link.span.1);
    let named = NAMED
        .as_ref()
        .into_iter()
        .flat_map(|regex| regex.find_iter(&folded.text))
        .map(|found| (HandleKind::Messenger, found));
    let digits = folded.text.bytes().filter(u8::is_ascii_digit).take(7).count();
    let numbers = NUMBER.as_ref().filter(|_| digits == 7).into_iter().flat_map(|regex| regex.find_iter(&folded.text));
    let numbers = numbers
        .filter(|number| is_phone(&folded.text, number.start(), number.as_str()))
        .map(|found| (HandleKind::Phone, found));
    let text = &*folded.text;
    let mentioned =
        MENTIONED.as_ref().filter(|_| text.contains('@')).into_iter().flat_map(|regex| regex.find_iter(text));
    let spelled = SPELLED.as_ref().filter(|_| is_spelling(text)).into_iter().flat_map(|regex| regex.find_iter(text));
    let short = SHORT
        .as_ref()
        .filter(|_| digits >= 5 && text.contains(" to"))
        .into_iter()
        .flat_map(|regex| regex.find_iter(text));
    let others = mentioned.map(|found| (HandleKind::Messenger, found));
    let spelled = spelled
        .filter(|found| !["the", "a", "this"].iter().any(|word| found.as_str().contains(&format!(" at {word} dot "))));
    let others = others.chain(spelled.map(|found| (HandleKind::Mail, found)));
    let others = others.chain(short.map(|found| (HandleKind::Phone, found)));
    for (kind, part) in named.chain(numbers).chain(others).take(MAX_HANDLES) {
        let starts_word = !folded.text[..part.start()].ends_with(|c: char| c.is_ascii_alphanumeric());
        let span = folded.origin((part.start(), part.end()));
        let is_known = found.iter().any(|handle| handle.span.0 < span.1 && span.0 < handle.span.1);
        // The host of an address whose signs are spelled out may be read as a link, too.
        if starts_word && !is_known && (kind == HandleKind::Mail || !is_inside_link(span)) {
            found.push(Handle { kind, span, name: name_of(kind, part.as_str()) });
        }
    }
    let wallets = wallets(content).filter(|&(span, _)| !is_inside_link(span)).take(MAX_HANDLES);
    found.extend(wallets.map(|(span, name)| Handle { kind: HandleKind::Wallet, span, name: name.to_owned() }));
    found
}

/// Whether a text may spell out the signs of an address.
fn is_spelling(text: &str) -> bool {
    let is_bracketed = || ["(at", "[at", "{at", "( at", "[ at"].iter().any(|at| text.contains(at));
    text.contains(" dot ") || (text.contains(['(', '[', '{']) && is_bracketed())
}

/// The wallets' addresses of a text as it is written, since their letters' case counts.
fn wallets(content: &str) -> impl Iterator<Item = (Span, &str)> {
    let mut at = 0;
    content.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(move |word| {
        let start = at;
        at = start + word.len();
        at += content[at..].chars().next().map_or(0, char::len_utf8);
        is_wallet(word).then_some(((start, start + word.len()), word))
    })
}

/// Whether a run of digits is a telephone number rather than a count, a date, a version or an address.
fn is_phone(text: &str, start: usize, number: &str) -> bool {
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if text[start + number.len()..].starts_with(|c: char| c.is_ascii_alphanumeric()) || !(7..=15).contains(&digits) {
        return false;
    }
    if number.starts_with('+') {
        return digits >= 9;
    }
    let groups: Vec<usize> = number.split(|c: char| !c.is_ascii_digit()).map(str::len).filter(|&len| len > 0).collect();
    if matches!(groups[..], [3, 3, 4] | [1, 3, 3, 4]) && !number.contains('.') {
        return true;
    }
    let groups_fit =
        groups.len() <= 5 && !matches!(groups[..], [4, 2, 2] | [2, 2, 4] | [4, 2, 2, ..]) && !number.contains('.');
    let before = &text[boundary_before(text, start.saturating_sub(32))..start];
    groups_fit && digits >= 8 && CALLING.iter().any(|word| ends_a_word(before, word))
}

/// A number's digits, or the name behind a messenger's word.
fn name_of(kind: HandleKind, text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let name = text.rsplit(|c| !is_name(c)).next().unwrap_or_default();
    let is_number = |name: &str| name.bytes().all(|byte| !byte.is_ascii_alphabetic());
    match kind {
        HandleKind::Phone => digits,
        HandleKind::Mail => spelled_mail(text),
        _ if is_number(name) => digits,
        _ => match text.strip_prefix('@') {
            Some(first) => first.split(' ').next().unwrap_or_default().to_owned(),
            None => name.to_owned(),
        },
    }
}

/// An address whose signs are spelled out, with the signs.
fn spelled_mail(text: &str) -> String {
    let words = text.split([' ', '(', ')', '[', ']', '{', '}']).filter(|word| !word.is_empty());
    let signs = words.map(|word| match word {
        "at" => "@",
        "dot" => ".",
        word => word,
    });
    signs.collect()
}

fn ends_a_word(before: &str, word: &str) -> bool {
    before.rfind(word).is_some_and(|at| {
        let free = |c: Option<char>| !c.is_some_and(|c| c.is_ascii_alphanumeric());
        free(before[..at].chars().next_back()) && free(before[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screening::facts::fold::fold;

    fn kinds(text: &str) -> Vec<&'static str> {
        let found = find(text, &fold(text, &[]), &Reading::default());
        found.iter().map(|handle| handle.kind.as_str()).collect()
    }

    #[test]
    fn numbers_and_names_that_reach_somebody_are_found() {
        for (text, expected) in [
            ("Call 1–800-555-0199 toll free", vec!["phone"]),
            ("WhatsApp +1 (202) 555-0143", vec!["phone"]),
            ("text me on ＋➊➋➌➍➎➏➐➑➒➊", vec!["phone"]),
            ("message me on telegram @quick_profit", vec!["messenger"]),
            ("加微信: abc123456", vec!["messenger"]),
            ("support number 08000 555 0199", vec!["phone"]),
            ("1️⃣ dial ╋➊➋➌➍➎➏➐➑➒➊", vec!["phone"]),
            ("reach @quick_profit on Telegram", vec!["messenger"]),
            ("signal: @quick.profit", vec!["messenger"]),
            ("write to loans (at) fast dot com", vec!["mail"]),
            ("loans at fast dot com", vec!["mail"]),
            ("Txt WIN to 88600 now", vec!["phone"]),
            ("send to 1BitcoinEaterAddressDontSendf59kuE", vec!["wallet"]),
        ] {
            assert_eq!(kinds(text), expected, "{text}");
        }
    }

    #[test]
    fn an_address_spelled_out_has_the_name_of_one_that_is_not() {
        for text in ["loans at fast dot com", "loans(at)fast.com", "Loans [at] fast [dot] com"] {
            let found = find(text, &fold(text, &[]), &Reading::default());
            assert_eq!(found[0].name, "loans@fast.com", "{text}");
        }
    }

    #[test]
    fn counts_dates_and_addresses_reach_nobody() {
        for text in [
            "2,112,911,578 views",
            "2015-04-20 12:33:11",
            "build 10.0.19041.1237",
            "error 0x80070005",
            "20150420123311",
            "telegram is fine",
            "192.168.100.200",
            "pi is 3.14159265358979",
            "I use telegram daily",
            "ISBN 978-3-16-148410-0",
            "the signal is 2.4ghz at 20dbm",
            "we met (at the dot) and signal noise",
            "look at the dot com boom",
            "I sent a letter to 12345 Berlin",
            "@ana is in Berlin",
            "commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
        ] {
            assert_eq!(kinds(text), Vec::<&str>::new(), "{text}");
        }
    }
}
