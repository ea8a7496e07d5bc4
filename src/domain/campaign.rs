//! Campaigns: comments that share a text, much of one, a link's owner or a contact, under a name of that.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Fault, HistoryKey, HistoryKind};

/// The name of what comments of several authors share: the kind of it, and a part of its hash. It tells nothing of what it
/// names, and is the same for as long as the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Campaign {
    kind: HistoryKind,
    hash: [u8; 8],
}

impl Campaign {
    /// The campaign of those who share this entry; `None` where an entry does not tell apart by whom it was seen.
    pub fn of(key: &HistoryKey) -> Option<Self> {
        let [hash @ .., _, _, _, _, _, _, _, _] = key.hash;
        key.kind.members().map(|_| Self { kind: key.kind, hash })
    }
}

impl fmt::Display for Campaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.kind.as_str(), data_encoding::HEXLOWER.encode(&self.hash))
    }
}

impl FromStr for Campaign {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        const KINDS: [HistoryKind; 4] = [HistoryKind::Text, HistoryKind::Near, HistoryKind::Owner, HistoryKind::Handle];
        let read = || {
            let (kind, hash) = text.split_once('-')?;
            let kind = KINDS.into_iter().find(|known| known.as_str() == kind)?;
            Some(Self { kind, hash: data_encoding::HEXLOWER.decode(hash.as_bytes()).ok()?.try_into().ok()? })
        };
        let detail = "is no campaign that a hit names, such as near-0123456789abcdef";
        read().ok_or_else(|| Fault::new("invalid_campaign", detail))
    }
}

impl From<Campaign> for String {
    fn from(campaign: Campaign) -> Self {
        campaign.to_string()
    }
}

impl TryFrom<String> for Campaign {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_as_it_was_and_nothing_else_is_one() {
        for kind in [HistoryKind::Text, HistoryKind::Near, HistoryKind::Owner, HistoryKind::Handle] {
            let campaign = Campaign::of(&HistoryKey { kind, hash: [0xab; 16] }).unwrap();
            assert_eq!(campaign.to_string(), format!("{}-abababababababab", kind.as_str()));
            assert_eq!(campaign.to_string().parse(), Ok(campaign));
        }
        assert_eq!(Campaign::of(&HistoryKey { kind: HistoryKind::Mail, hash: [1; 16] }), None);
        for text in ["", "near", "near-", "near-ab", "mail-abababababababab", "near-ABABABABABABABAB"] {
            assert!(text.parse::<Campaign>().is_err(), "{text}");
        }
    }
}
