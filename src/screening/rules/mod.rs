//! The rules: one heuristic a file, each a constant that documents it and a pure check.

mod account_verified;
mod all_caps;
mod author_approved_before;
mod author_links_approved;
mod author_mail_blocked;
mod author_mail_disposable;
mod author_name_keywords;
mod author_name_link;
mod author_rejected_before;
mod author_url_untrusted;
mod bidi_override;
mod blocked_phrase;
mod campaign;
mod code_injection;
mod contact_handle;
mod duplicate_text;
mod emoji_arrows;
mod generic_praise;
mod gtube;
mod honeypot;
mod income_offer;
mod ip_bad_record;
mod ip_blocked;
mod letter_spacing;
mod link_count;
mod link_hidden;
mod link_homograph;
mod link_numeric_host;
mod link_obfuscated;
mod link_on_foreign_path;
mod link_only;
mod link_open_redirect;
mod link_owner_bad_record;
mod link_owner_blocked;
mod link_referral;
mod link_shortener;
mod link_syntax_mix;
mod link_text_mismatch;
mod link_userinfo;
mod listed;
mod mention_unverified;
mod mixed_script;
mod near_duplicate;
mod new_author_with_link;
mod no_user_agent;
mod phrases;
mod prompt_injection;
mod rate;
mod recovery_scam;
mod referrer_foreign;
mod repetition;
mod self_promotion;
mod template_leak;
mod testimonial;
#[cfg(test)]
pub mod testing;
mod too_fast;
mod zalgo;
mod zero_width;

use serde::de::DeserializeOwned;

use super::case::Case;
use super::settings::Settings;
use crate::domain::{Action, Campaign, Evidence, Group, Invalid, Worth, plain_words};

/// Every rule, in the order in which hits are listed. Adding one takes its file, its line here, and its table
/// `[policy.rules.<id>]` in `config/moderato.toml`.
pub const ALL: &[&Rule] = &[
    &link_count::RULE,
    &link_only::RULE,
    &link_shortener::RULE,
    &link_text_mismatch::RULE,
    &link_syntax_mix::RULE,
    &link_hidden::RULE,
    &link_userinfo::RULE,
    &link_numeric_host::RULE,
    &link_homograph::RULE,
    &link_obfuscated::RULE,
    &link_referral::RULE,
    &link_open_redirect::RULE,
    &link_on_foreign_path::RULE,
    &mention_unverified::RULE,
    &link_owner_blocked::RULE,
    &author_name_link::RULE,
    &author_name_keywords::RULE,
    &author_url_untrusted::RULE,
    &author_mail_disposable::RULE,
    &author_mail_blocked::RULE,
    &blocked_phrase::RULE,
    &generic_praise::RULE,
    &contact_handle::RULE,
    &self_promotion::RULE,
    &income_offer::RULE,
    &recovery_scam::RULE,
    &testimonial::RULE,
    &prompt_injection::RULE,
    &emoji_arrows::RULE,
    &template_leak::RULE,
    &code_injection::RULE,
    &zero_width::RULE,
    &mixed_script::RULE,
    &letter_spacing::RULE,
    &bidi_override::RULE,
    &zalgo::RULE,
    &all_caps::RULE,
    &repetition::RULE,
    &gtube::RULE,
    &duplicate_text::RULE,
    &near_duplicate::RULE,
    &campaign::RULE,
    &link_owner_bad_record::RULE,
    &author_rejected_before::RULE,
    &new_author_with_link::RULE,
    &author_approved_before::RULE,
    &author_links_approved::RULE,
    &account_verified::RULE,
    &honeypot::RULE,
    &too_fast::RULE,
    &no_user_agent::RULE,
    &referrer_foreign::RULE,
    &ip_bad_record::RULE,
    &ip_blocked::RULE,
    &rate::RULE,
];

/// A rule: what it is called, what it means, and how its check is made.
pub struct Rule {
    /// Its file's name, its table in the configuration, its value in logs and JSON.
    pub id: &'static str,
    /// Its group.
    pub group: Group,
    /// What it finds, in one sentence.
    pub summary: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// Whether it rejects by itself.
    pub certain: bool,
    /// Submissions (JSON) on which it fires: its documentation and its first tests. `history` beside the
    /// submission's own fields is what is remembered.
    pub fires: &'static [&'static str],
    /// Look-alikes on which it does not.
    pub passes: &'static [&'static str],
    /// Makes the check from the rule's options.
    pub build: Build,
}

/// The rules that find nothing but entries of the site's own lists.
pub const OF_LISTS: [&str; 3] = [link_owner_blocked::RULE.id, author_mail_blocked::RULE.id, ip_blocked::RULE.id];

/// The rule among them that asks for the commenter's whole address.
pub const OF_ADDRESSES: &str = ip_blocked::RULE.id;

/// The rule that looks for the policy's phrases.
pub const OF_PHRASES: &str = blocked_phrase::RULE.id;

/// Whether a rule rejects by itself.
pub fn is_certain(id: &str) -> bool {
    ALL.iter().any(|rule| rule.certain && rule.id == id)
}

/// Makes a check from a rule's options and the policy's common settings.
pub type Build = fn(&toml::Table, &Settings) -> Result<Box<dyn Check>, BadOption>;

/// What a rule does: looks at a case, without memory of others and without knowing what other rules say.
pub trait Check: Send + Sync {
    /// What it finds, if anything.
    fn check(&self, case: &Case<'_>) -> Option<Finding>;
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A sentence for a person.
    pub message: String,
    /// Where.
    pub evidence: Vec<Evidence>,
    /// How many times the rule's points it is worth.
    pub times: i32,
    /// Whether it holds what would be approved, whatever its points.
    pub holds: bool,
    /// The campaign it belongs to.
    pub campaign: Option<Campaign>,
    /// Points beside the rule's own: what entries of the site's lists say.
    pub points: i32,
    /// What entries of the site's lists say becomes of the comment.
    pub listed: Option<Action>,
}

impl Finding {
    /// Something found, worth the rule's points once.
    pub fn new(message: impl Into<String>, evidence: Vec<Evidence>) -> Self {
        Self { message: message.into(), evidence, times: 1, holds: false, points: 0, listed: None, campaign: None }
    }

    /// The same, worth them so many times.
    pub fn times(self, times: usize) -> Self {
        Self { times: i32::try_from(times).unwrap_or(i32::MAX), ..self }
    }

    /// The same, of a campaign.
    pub fn of(self, campaign: Option<Campaign>) -> Self {
        Self { campaign, ..self }
    }

    /// The same, with what else was found told behind it.
    pub fn and(self, other: Option<Finding>) -> Self {
        let Some(other) = other else { return self };
        Self {
            message: format!("{} {}", self.message, other.message),
            evidence: self.evidence.into_iter().chain(other.evidence).collect(),
            times: self.times.saturating_add(other.times),
            holds: self.holds || other.holds,
            points: self.points.saturating_add(other.points),
            listed: self.listed.max(other.listed),
            campaign: self.campaign.or(other.campaign),
        }
    }

    /// What it is worth, whatever the rule's points are.
    pub fn worth(&self) -> Worth {
        Worth { times: self.times, beside: self.points, listed: self.listed, holds: self.holds, yields: false }
    }

    /// The same, holding what would be approved.
    pub fn holding(self) -> Self {
        Self { holds: true, ..self }
    }
}

/// An option of a rule that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadOption {
    /// Its key within the rule's table, if it is known.
    pub key: Option<String>,
    /// Completes "the key …".
    pub detail: String,
}

impl BadOption {
    /// The fault as one of the whole policy.
    pub fn below(self, rule: &str) -> Invalid {
        let key = self.key.map_or_else(|| format!("rules.{rule}"), |key| format!("rules.{rule}.{key}"));
        Invalid::new(key, self.detail)
    }
}

/// Makes a check that is nothing but its options; unknown ones are an error.
pub fn from_options<C: Check + DeserializeOwned + 'static>(
    options: &toml::Table,
    _settings: &Settings,
) -> Result<Box<dyn Check>, BadOption> {
    let read: Result<C, _> = serde_path_to_error::deserialize(options.clone());
    match read {
        Ok(check) => Ok(Box::new(check)),
        Err(error) => {
            let path = error.path().to_string();
            Err(BadOption { key: (path != ".").then_some(path), detail: plain_words(error.inner().message()) })
        }
    }
}
