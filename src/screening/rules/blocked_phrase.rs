//! Finds the phrases that the site does not want to read.

use super::phrases::Phrases;
use super::{BadOption, Check, Finding, Rule, from_options, listed};
use crate::domain::{Evidence, Field, Group, ListName};
use crate::screening::case::Case;
use crate::screening::settings::Settings;

/// The rule.
pub const RULE: Rule = Rule {
    id: "blocked_phrase",
    group: Group::Text,
    summary: "The comment or its author's name contains a phrase of `policy.phrases` or of the site's own list.",
    why: "Those who read a site's comments know what its spam says. Phrases match whole words, however they are disguised. \
          The rule's points are for `policy.phrases`; an entry of the list says itself what becomes of the comment.",
    certain: false,
    fires: &[
        r#"{"content": "Great. Feel free to visit my homepage."}"#,
        r#"{"content": "Please CHECK OUT MY CHANNEL"}"#,
        r#"{"content": "<p>Check <b>o</b>ut my chan&#110;el</p>"}"#,
        r#"{"content": "ch\u200Beck оut my chаnnel"}"#,
        r#"{"content": "Cheap Pills!", "lists": {"phrases": [{"value": "cheap pills", "action": "hold"}]}}"#,
        r#"{"content": "many casinos", "lists": {"phrases": [{"value": "casino*", "match": "wildcard", "action": {"points": 30}}]}}"#,
    ],
    passes: &[
        r#"{"content": "I checked out the channel settings; my home pages work again."}"#,
        r#"{"content": "Thanks, that fixed it."}"#,
        r#"{"content": "Cheap Pillsbury", "lists": {"phrases": [{"value": "cheap pills", "action": "hold"}]}}"#,
    ],
    build,
};

struct BlockedPhrase {
    phrases: Phrases,
}

fn build(options: &toml::Table, settings: &Settings) -> Result<Box<dyn Check>, BadOption> {
    from_options::<NothingElse>(options, settings)?;
    let phrases = Phrases::new(settings.phrases.iter().map(String::as_str));
    let phrases = phrases.map_err(|detail| BadOption { key: None, detail })?;
    Ok(Box::new(BlockedPhrase { phrases }))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NothingElse {}

impl Check for NothingElse {
    fn check(&self, _: &Case<'_>) -> Option<Finding> {
        None
    }
}

impl Check for BlockedPhrase {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let of_policy = self.of_policy(case);
        match listed::finding(ListName::Phrases, case) {
            Some(of_list) => Some(of_list.times(0).and(of_policy)),
            None => of_policy,
        }
    }
}

impl BlockedPhrase {
    fn of_policy(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let in_content = self.phrases.find(&facts.folded().text).map(|(_, span)| facts.folded_evidence(span));
        let in_name = self.phrases.find(&facts.name().text);
        let in_name = in_name.map(|(_, span)| facts.evidence(Field::AuthorName, facts.name().origin(span)));
        let evidence: Vec<Evidence> = in_content.chain(in_name).take(5).collect();
        let first = evidence.first()?;
        Some(Finding::new(format!("It contains the blocked phrase \"{}\".", first.excerpt), evidence))
    }
}
