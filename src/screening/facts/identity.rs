//! Who an author seems to be, as far as history can be kept of it.

use super::target::Target;
use crate::domain::{PublicAddress, Submission};

/// What names an author. Nothing here is proven but a verified account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The e-mail address, trimmed and in lower case.
    pub mail: Option<String>,
    /// Provider and id of the account.
    pub account: Option<(&'a str, &'a str)>,
    /// The public network the comment came from: a /24, or a /48 of IPv6.
    pub net: Option<String>,
    /// Who owns the host of the author's website.
    pub url_owner: Option<String>,
}

impl<'a> Identity<'a> {
    /// Reads it from a submission and the website's target.
    pub fn of(submission: &'a Submission, website: Option<&Target>) -> Self {
        let author = &submission.author;
        Self {
            mail: author.email.as_deref().and_then(mail_of),
            account: author.account.as_ref().map(|account| (&*account.provider, &*account.id)),
            net: submission.client.ip.and_then(PublicAddress::of).map(|address| address.neighbourhood().to_string()),
            url_owner: website.map(|target| target.owner.clone()),
        }
    }
}

/// An e-mail address as authors are told apart by it: trimmed and in lower case; `None` if nothing is left.
pub fn mail_of(typed: &str) -> Option<String> {
    Some(typed.trim().to_lowercase()).filter(|mail| !mail.is_empty())
}
