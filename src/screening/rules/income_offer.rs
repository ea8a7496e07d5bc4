//! Finds offers of easy income.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "income_offer",
    group: Group::Text,
    summary: "The comment promises money by the day or week, or income, and asks to be written to in private.",
    why: "Jobs without a name, paid daily and explained only in private, are offered by those who deceive.",
    certain: false,
    fires: &[
        r#"{"content": "Working from home I make over $3,000 per month, you can too"}"#,
        r#"{"content": "Нужны люди, 8 500 руб в день, пишите в личку"}"#,
        r#"{"content": "Удалённая подработка, доход каждый день. Кому интересно, пишите"}"#,
        r#"{"content": "兼职日结 每天200元 加我"}"#,
    ],
    passes: &[
        r#"{"content": "Hosting it costs $5 a month, write to me if that fails."}"#,
        r#"{"content": "Мне нужен доход побольше. Купил за 500 руб."}"#,
        r#"{"content": "The salary of 50,000 USD is low; I make music every day."}"#,
        r#"{"content": "I paid 20€ for it, email me the details."}"#,
    ],
    build: from_options::<IncomeOffer>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IncomeOffer {}

/// Words of income.
const INCOME: &[&str] = &["earn", "earning", "earned", "income", "payout", "payouts", "gaji", "penghasilan", "зп"];
/// How words of income begin where they are inflected.
const INCOME_STEMS: &[&str] = &["доход", "зараб", "заработ", "зарпл", "подработ", "вакан", "прибыл", "выплат", "оплат"];
/// Parts of words of income in a script without spaces.
const DENSE_INCOME: &[&str] = &["兼职", "日结", "工资", "赚", "月入"];
/// What comes before a period.
const EACH: &[&str] = &["a", "per", "each", "every", "в", "за", "на"];
/// Periods by which one is paid.
const PERIODS: &[&str] = &[
    "day",
    "week",
    "month",
    "hour",
    "день",
    "дня",
    "дней",
    "сутки",
    "неделю",
    "недели",
    "неделя",
    "месяц",
    "час",
    "смену",
    "вечер",
];
/// How far a period stands from its amount, in words.
const REACH: usize = 6;

impl Check for IncomeOffer {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let (text, tokens) = (&facts.folded().text, facts.tokens());
        let word = |at: usize| tokens.get(at).map_or("", |&(start, end)| &text[start..end]);
        let income = (0..tokens.len()).any(|at| {
            is_income(word(at))
                || (matches!(word(at), "make" | "making")
                    && (text[tokens[at].1..].starts_with(" $") || matches!(word(at + 1), "money" | "over")))
        });
        let private = (0..tokens.len()).any(|at| asks_in_private(word(at), word(at + 1)));
        if !income && !private {
            return None;
        }
        let amounts = facts.amounts();
        let is_period = |at: usize| {
            let before = |back: usize| at.checked_sub(back).map_or("", word);
            let each = EACH.contains(&before(1))
                || (before(1).starts_with(|c: char| c.is_ascii_digit()) && EACH.contains(&before(2)));
            (PERIODS.contains(&word(at)) && (each || text[..tokens[at].0].ends_with('/')))
                || matches!(word(at), "daily" | "weekly" | "monthly")
                || ["每天", "一天", "每日"].iter().any(|part| word(at).contains(part))
        };
        let paid = amounts
            .iter()
            .find(|&&at| (at.saturating_sub(REACH)..=at + REACH).any(|at| at < tokens.len() && is_period(at)));
        let amount = match (income, private) {
            (true, true) => amounts.first(),
            (true, false) => Some(paid?),
            _ => Some(amounts.first()?),
        };
        let evidence = match amount {
            Some(&at) => facts.folded_evidence(tokens[at]),
            None => facts.whole(Field::Content),
        };
        Some(Finding::new("It offers income.", vec![evidence]))
    }
}

fn is_income(word: &str) -> bool {
    if word.is_ascii() {
        return INCOME.contains(&word);
    }
    INCOME_STEMS.iter().any(|stem| word.starts_with(stem))
        || DENSE_INCOME.iter().any(|part| word.contains(part))
        || word == "зп"
}

/// Whether two words ask to be written to where nobody else reads.
fn asks_in_private(word: &str, next: &str) -> bool {
    match word {
        "pm" | "dm" | "inbox" | "text" | "whatsapp" => matches!(next, "me" | "us" | "him" | "her"),
        "в" | "во" => matches!(next, "лс" | "личку" | "личке" | "личные" | "директ"),
        "пиши" | "пишите" | "пишіть" | "ожидаю" => true,
        _ if word.is_ascii() => false,
        _ => ["加我", "联系我", "加微", "加q", "私信", "私聊"].iter().any(|part| word.contains(part)),
    }
}
