//! Finds comments that shout.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "all_caps",
    group: Group::Text,
    summary: "Most of a longer comment is in capitals.",
    why: "Capitals ask for attention. By themselves they are bad manners; beside other signs they weigh a little.",
    certain: false,
    fires: &[r#"{"content": "GET YOUR LOAN APPROVED TODAY WITHOUT ANY CREDIT CHECK"}"#],
    passes: &[
        r#"{"content": "LOL OMG"}"#,
        r#"{"content": "The HTTP API returns JSON, the XML one does not, see the README."}"#,
        r#"{"content": "这是一个很好的例子，谢谢分享给我们这么多有用的东西"}"#,
    ],
    build: from_options::<AllCaps>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllCaps {
    letters: u16,
    percent: u8,
}

impl Check for AllCaps {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let words = case.facts.words();
        let enough = words.cased >= usize::from(self.letters);
        (enough && words.capitals * 100 >= words.cased * usize::from(self.percent))
            .then(|| Finding::new("It is written in capitals.", vec![case.facts.whole(Field::Content)]))
    }
}
