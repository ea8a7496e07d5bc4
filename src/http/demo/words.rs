//! What a reader is told of their comment: plain, kind, and nothing of rules.

use std::time::Duration;

use crate::service::{Error, PublicReason, PublicStatus};

/// How a comment stands, in words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    /// For the style: `good`, `waiting` or `bad`.
    pub tone: &'static str,
    pub title: &'static str,
    pub text: &'static str,
    /// Whether it may still change soon.
    pub is_open: bool,
}

/// How a comment stands, by its token.
pub(super) fn outcome(status: &Result<PublicStatus, Error>) -> Outcome {
    const WAITING: &str = "Thank you. Your comment is waiting for approval";
    const DECLINED: &str = "Your comment is not published";
    let waiting = |text| Outcome { tone: "waiting", title: WAITING, text, is_open: true };
    let declined = |text| Outcome { tone: "bad", title: DECLINED, text, is_open: false };
    match status {
        Ok(PublicStatus::Published) => Outcome {
            tone: "good",
            title: "Your comment is published",
            text: "Thank you for writing. Everybody can read it below.",
            is_open: false,
        },
        Ok(PublicStatus::Held(reason)) => waiting(match reason {
            PublicReason::Links => {
                "A person looks at comments with links before they appear here. You need not send it again."
            }
            PublicReason::Wording => "A person reads it before it appears here. You need not send it again.",
            PublicReason::Rate => {
                "Several comments came in within a short time, so a person looks before more of them appear. You need not \
                 send it again."
            }
            PublicReason::Review => {
                "A person reads it before it appears here, as with the first comment of everybody who is new. You need not \
                 send it again."
            }
        }),
        Ok(PublicStatus::Declined(reason)) => declined(match reason {
            PublicReason::Links => {
                "It was declined because of its links. You are welcome to say it again without them."
            }
            PublicReason::Wording => {
                "It was declined because of its wording. You are welcome to say it again in other words."
            }
            PublicReason::Rate => "Too many comments came in within a short time. You are welcome to try again later.",
            PublicReason::Review => "It is not shown here. Thank you for your understanding.",
        }),
        Err(Error::UnknownStatus) => Outcome {
            tone: "bad",
            title: "We do not find this comment",
            text: "It may have been removed since, or the link to this page is not complete.",
            is_open: false,
        },
        Err(_) => Outcome {
            tone: "waiting",
            title: "We cannot look up your comment just now",
            text: "It is safe. Please come back to this page in a few minutes.",
            is_open: true,
        },
    }
}

/// Why a comment could not be taken.
pub(super) fn refusal(error: &Error) -> String {
    match error {
        Error::Limited(refused) => format!(
            "Many comments came in within a short time. Please wait {} and send it again; your text is still here.",
            wait(refused.wait)
        ),
        Error::Unavailable(_) | Error::NotReady { .. } | Error::Full(_) => {
            "Your comment could not be taken just now, but your text is still here. Please send it again in a few minutes."
                .to_owned()
        }
        _ => "Something went wrong on our side and your comment was not taken, but your text is still here. Please try again later."
            .to_owned(),
    }
}

/// A time to wait, in words.
pub(super) fn wait(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let (number, unit) = match seconds {
        0..=90 => (seconds.max(1), "second"),
        91..=5_400 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(60 * 60), "hour"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_the_unit_that_people_would_use() {
        for (millis, words) in [
            (1, "1 second"),
            (1_001, "2 seconds"),
            (90_000, "90 seconds"),
            (91_000, "2 minutes"),
            (7_200_000, "2 hours"),
        ] {
            assert_eq!(wait(Duration::from_millis(millis)), words);
        }
    }
}
