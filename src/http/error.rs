//! What a caller is told when a wish is not granted; the only file that knows status codes.

use std::borrow::Cow;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use super::limit_headers::{limit_headers, whole_seconds};
use super::request_id::RequestId;
use super::wire::{DecisionView, FieldFault, entry_fault, policy_fault};
use crate::domain::{Comment, CommentId, Limit, Quota, Refused, Scope, Status};
use crate::service;

/// How long a caller waits before it tries again what failed for want of the store, in seconds.
const RETRY_AFTER: &str = "1";

/// Every kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    InvalidJson,
    BrokenBody,
    AfterClose,
    NoKey,
    WrongKey,
    MissingScope,
    OperatorOnly,
    UnknownRoute,
    UnknownSite,
    UnknownComment,
    UnknownAuthor,
    UnknownKey,
    UnknownList,
    UnknownEntry,
    UnknownStatus,
    MethodNotAllowed,
    SlowBody,
    ExternalIdTaken,
    HasExternalId,
    DecidedOtherwise,
    Withdrawn,
    RejectedByPerson,
    SiteExists,
    LastSite,
    KeyInUse,
    Simulating,
    ListsFull,
    Erased,
    VersionMismatch,
    PolicyChanged,
    TooLarge,
    TargetTooLong,
    NotJson,
    EncodedBody,
    Invalid,
    IdempotencyMismatch,
    Limited,
    TooManyHeaders,
    Internal,
    Unavailable,
    Full,
    NotReady,
}

impl Code {
    /// The code's name (the end of the problem's `type`), its status and its title.
    fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Code::InvalidJson => ("invalid_json", 400, "The body is not JSON"),
            Code::BrokenBody => ("broken_body", 400, "The body did not arrive whole"),
            Code::AfterClose => ("after_close", 400, "The connection was to be closed"),
            Code::NoKey => ("no_key", 401, "A key is needed"),
            Code::WrongKey => ("wrong_key", 401, "The key is not valid"),
            Code::MissingScope => ("missing_scope", 403, "The key lacks the scope"),
            Code::OperatorOnly => ("operator_only", 403, "An operator's key is needed"),
            Code::UnknownRoute => ("unknown_route", 404, "There is nothing here"),
            Code::UnknownSite => ("unknown_site", 404, "There is no such site"),
            Code::UnknownComment => ("unknown_comment", 404, "There is no such comment"),
            Code::UnknownAuthor => ("unknown_author", 404, "There is no such author"),
            Code::UnknownKey => ("unknown_key", 404, "There is no such key"),
            Code::UnknownList => ("unknown_list", 404, "There is no such list"),
            Code::UnknownEntry => ("unknown_entry", 404, "There is no such entry"),
            Code::UnknownStatus => ("unknown_status", 404, "There is no such status"),
            Code::MethodNotAllowed => ("method_not_allowed", 405, "The method is not allowed here"),
            Code::SlowBody => ("slow_body", 408, "The body came too slowly"),
            Code::ExternalIdTaken => ("external_id_taken", 409, "The external id belongs to another comment"),
            Code::HasExternalId => ("has_external_id", 409, "The comment has another external id"),
            Code::DecidedOtherwise => ("decided_otherwise", 409, "A person has decided otherwise"),
            Code::RejectedByPerson => ("rejected_by_person", 409, "A person has rejected the comment"),
            Code::Withdrawn => ("withdrawn", 409, "The comment was withdrawn"),
            Code::SiteExists => ("site_exists", 409, "The site exists already"),
            Code::LastSite => ("last_site", 409, "The last site cannot be deleted"),
            Code::KeyInUse => ("key_in_use", 409, "A key cannot delete itself"),
            Code::Simulating => ("simulation_running", 409, "A simulation is running"),
            Code::ListsFull => ("lists_full", 409, "There is no room for more entries"),
            Code::Erased => ("erased", 410, "The comment was erased"),
            Code::VersionMismatch => ("version_mismatch", 412, "The comment has changed"),
            Code::PolicyChanged => ("settings_changed", 412, "The site's settings have changed"),
            Code::TooLarge => ("too_large", 413, "The body is too large"),
            Code::TargetTooLong => ("target_too_long", 414, "The path is too long"),
            Code::NotJson => ("not_json", 415, "The body must be JSON"),
            Code::EncodedBody => ("encoded_body", 415, "The body must not be compressed"),
            Code::Invalid => ("invalid", 422, "The request is not valid"),
            Code::IdempotencyMismatch => {
                ("idempotency_mismatch", 422, "The idempotency key stands for another request")
            }
            Code::Limited => ("over_limit", 429, "Too many requests"),
            Code::TooManyHeaders => ("too_many_headers", 431, "There are too many headers"),
            Code::Internal => ("internal", 500, "Something went wrong"),
            Code::Unavailable => ("unavailable", 503, "The service cannot answer now"),
            Code::Full => ("full", 503, "There is no room for more comments"),
            Code::NotReady => ("not_ready", 503, "The service is not ready"),
        }
    }
}

/// A refusal: Problem Details (RFC 9457) in the making.
#[derive(Debug)]
pub(super) struct Problem {
    code: Code,
    detail: String,
    errors: Vec<FieldFault>,
    about: Option<Box<About>>,
    allow: Option<String>,
    /// For the log only.
    cause: Option<String>,
}

/// What a refusal tells beside its words.
#[derive(Debug, Default, Serialize)]
struct About {
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Current>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<LimitView>,
    #[serde(skip)]
    limited: Option<Refused>,
}

/// A limit that a request is over.
#[derive(Debug, Serialize)]
struct LimitView {
    name: &'static str,
    count: u32,
    seconds: u32,
    burst: u32,
    /// In seconds, as the header says it; a part of a batch has no header.
    retry_after: u64,
}

/// How the comment stands that somebody wanted to change.
#[derive(Debug, Serialize)]
struct Current {
    version: u64,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionView<'static>>,
}

/// A part of the service, as `/readyz` shows it.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    pub part: &'static str,
    pub ready: bool,
    /// Which demand on it is not met, as one word for monitors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<Cow<'static, str>>,
}

/// The JSON of a refusal.
#[derive(Debug, Serialize)]
pub(super) struct ProblemView {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    instance: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldFault>,
    #[serde(flatten)]
    about: Option<Box<About>>,
}

impl ProblemView {
    /// The status that an entry of a batch carries.
    pub fn status(&self) -> u16 {
        self.status
    }
}

impl Problem {
    /// A refusal with a sentence for the caller.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), about: None, allow: None, cause: None }
    }

    /// Fields, parameters or headers that are not valid. Of many faults the first are listed, so that no answer is many
    /// times as long as its request.
    pub fn invalid(mut errors: Vec<FieldFault>) -> Self {
        const MOST: usize = 20;
        let detail = match errors.len() {
            0 | 1 => errors.iter().map(ToString::to_string).collect(),
            several @ 2..=MOST => format!("{several} fields are not valid."),
            many => format!("{many} fields are not valid; the first {MOST} are listed."),
        };
        errors.truncate(MOST);
        Self { errors, ..Self::new(Code::Invalid, detail) }
    }

    /// A key that may do something, but not this.
    pub fn missing_scope(wanted: &[Scope]) -> Self {
        let names: Vec<_> = wanted.iter().map(|scope| scope.as_str()).collect();
        Self::new(Code::MissingScope, format!("This needs a key with the scope {}.", names.join(" or ")))
    }

    /// A path that is not there, or not for this caller.
    pub fn unknown_route() -> Self {
        Self::new(Code::UnknownRoute, "See /openapi.yaml for what there is.")
    }

    /// A method that this path does not have; it has these.
    pub fn method_not_allowed(allow: String) -> Self {
        let detail = format!("This path takes {allow}.");
        Self { allow: Some(allow), ..Self::new(Code::MethodNotAllowed, detail) }
    }

    /// The service is not ready; these are its parts.
    pub fn not_ready(parts: Vec<Part>, cause: String) -> Self {
        let about = Some(Box::new(About { parts, ..About::default() }));
        let detail = "A submission would not be taken now; `parts` says why and what to do.";
        Self { about, cause: Some(cause), ..Self::new(Code::NotReady, detail) }
    }

    /// A refusal about a comment that the caller may not have seen.
    fn naming(code: Code, comment: &CommentId, detail: &str) -> Self {
        let about = About { comment: Some(comment.to_string()), ..About::default() };
        Self { about: Some(Box::new(about)), ..Self::new(code, detail) }
    }

    /// A refusal to change a comment, with how it stands and who decided it.
    fn showing(code: Code, comment: &Comment, detail: &str) -> Self {
        let decision = comment.decisions.last().map(|last| DecisionView::from(last).into_owned());
        let current = Current { version: comment.version, status: comment.status, decision };
        let about = About { comment: Some(comment.id.to_string()), current: Some(current), ..About::default() };
        Self { about: Some(Box::new(about)), ..Self::new(code, detail) }
    }

    /// A refusal of what is more than a limit allows.
    fn limited(refused: Refused) -> Self {
        let Refused { limit, quota, wait } = refused;
        let whose = match limit {
            Limit::Address => "from the commenter's address",
            Limit::Network => "from the commenter's network",
            Limit::Author => "by this author",
            Limit::Post => "on this post",
            Limit::Site => "for this site",
            Limit::Key => "with this key",
            Limit::WrongKeys => "with wrong keys from this address",
            Limit::Public => "without a key from this address",
        };
        let (Quota { count, seconds, burst }, wait) = (quota, whole_seconds(wait));
        let detail = format!("Too many {whose}: {count} in {seconds} s, {burst} at once. Again in {wait} s.");
        let view = LimitView { name: limit.as_str(), count, seconds, burst, retry_after: wait };
        let about = Some(Box::new(About { limit: Some(view), limited: Some(refused), ..About::default() }));
        Self { about, ..Self::new(Code::Limited, detail) }
    }

    /// Something the caller cannot help; `cause` goes to the log.
    fn ours(code: Code, cause: String) -> Self {
        let detail = match code {
            Code::Unavailable => "Whether it was done is unknown; send the same request again with the same keys.",
            Code::Full => "Nothing was stored. What is here can still be read and decided.",
            _ => "It is in the log under this request's id.",
        };
        Self { cause: Some(cause), ..Self::new(code, detail) }
    }

    /// The refusal as JSON; what is for the log only goes there.
    pub fn into_view(self, id: &RequestId) -> ProblemView {
        let (name, status, title) = self.code.row();
        if let Some(cause) = &self.cause {
            tracing::error!(request = id.as_str(), problem = name, "{cause}");
        }
        ProblemView {
            r#type: format!("urn:moderato:problem:{name}"),
            title,
            status,
            detail: self.detail,
            instance: id.instance(),
            errors: self.errors,
            about: self.about,
        }
    }

    /// The refusal as a response.
    pub fn into_response(self, id: &RequestId) -> HttpResponse {
        let (code, allow) = (self.code, self.allow.clone());
        let limited = self.about.as_ref().and_then(|about| about.limited);
        let view = self.into_view(id);
        let status = StatusCode::from_u16(view.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponseBuilder::new(status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        match code {
            Code::NoKey => drop(response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"moderato\""))),
            Code::WrongKey => {
                let challenge = "Bearer realm=\"moderato\", error=\"invalid_token\"";
                response.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            Code::Unavailable | Code::Full | Code::NotReady => {
                response.insert_header((header::RETRY_AFTER, RETRY_AFTER));
            }
            // Where one request ends can no longer be told, or no other was to come.
            Code::BrokenBody | Code::AfterClose => drop(response.force_close()),
            _ => {}
        }
        if let Some(refused) = limited {
            for header in limit_headers(&refused) {
                response.insert_header(header);
            }
        }
        if let Some(allow) = allow {
            response.insert_header((header::ALLOW, allow));
        }
        response.body(serde_json::to_vec(&view).unwrap_or_default())
    }

    /// The refusal as a page for people, who see nothing of the JSON.
    pub fn into_page(self, id: &RequestId, page: String) -> HttpResponse {
        self.into_response(id).map_body(|_, _| BoxBody::new(page))
    }
}

impl From<service::Error> for Problem {
    fn from(error: service::Error) -> Self {
        use service::Error as E;
        match error {
            E::UnknownSite => Problem::new(Code::UnknownSite, "There is no such site, or the key does not open it."),
            E::UnknownComment => Problem::new(Code::UnknownComment, "This site has no such comment."),
            E::UnknownAuthor => Problem::new(Code::UnknownAuthor, "This site knows nothing of such an author."),
            E::NamelessAuthor => {
                let detail =
                    "The comment's author gave neither account nor e-mail address: nothing tells them from others.";
                Problem::new(Code::UnknownAuthor, detail)
            }
            E::UnknownKey => Problem::new(Code::UnknownKey, "This site has no such key."),
            E::UnknownList => Problem::new(Code::UnknownList, "There are phrases, domains, addresses, mails."),
            E::UnknownEntry => Problem::new(Code::UnknownEntry, "The list has no such entry."),
            E::UnknownStatus => Problem::new(Code::UnknownStatus, "The token names no comment that is here."),
            E::WrongKey => Problem::new(Code::WrongKey, "The key is mistyped, revoked or of another service."),
            E::ExpiredKey(at) => Problem::new(Code::WrongKey, format!("The key expired at {at}.")),
            E::Limited(refused) => Problem::limited(refused),
            E::Simulating => Problem::new(
                Code::Simulating,
                "One simulation of a site runs at a time; ask again when it has answered.",
            ),
            E::InvalidPolicy(faults) => Problem::invalid(faults.iter().map(policy_fault).collect()),
            E::InvalidEntries(faults) => Problem::invalid(faults.into_iter().map(entry_fault).collect()),
            error @ E::ListsFull { .. } => Problem::new(Code::ListsFull, format!("Nothing was written: {error}.")),
            E::PolicyChanged(version) => {
                let detail = format!("They are at version {version}; look at them again.");
                Problem::new(Code::PolicyChanged, detail)
            }
            E::IdempotencyMismatch => {
                Problem::new(Code::IdempotencyMismatch, "The key in Idempotency-Key was used for another request.")
            }
            E::ExternalIdTaken(id) => {
                Problem::naming(Code::ExternalIdTaken, &id, "`comment` has this external id, and is not the same.")
            }
            E::Erased(id) => {
                Problem::naming(Code::Erased, &id, "It came before, and was erased since, or its time was over.")
            }
            E::VersionMismatch(now) => {
                Problem::showing(Code::VersionMismatch, &now, "If-Match names another version; look at it again.")
            }
            E::DecidedOtherwise(now) => {
                Problem::showing(Code::DecidedOtherwise, &now, "Look at it, and send If-Match with its version.")
            }
            E::Withdrawn(now) => Problem::showing(Code::Withdrawn, &now, "It is gone from the blog."),
            E::RejectedByPerson(now) => Problem::showing(Code::RejectedByPerson, &now, "Only staff can edit it now."),
            E::HasExternalId(now) => Problem::showing(Code::HasExternalId, &now, "It keeps the one it has."),
            E::SiteExists(id) => Problem::new(Code::SiteExists, format!("There is a site `{id}`.")),
            E::LastSite => Problem::new(Code::LastSite, "Add another site first."),
            E::KeyInUse => Problem::new(Code::KeyInUse, "Call with another key to delete this one."),
            E::Unavailable(why) => Problem::ours(Code::Unavailable, why),
            E::NotReady { reason, detail } => Problem::ours(Code::Unavailable, format!("{reason}: {detail}")),
            E::Full(why) => Problem::ours(Code::Full, why),
            E::Internal(why) => Problem::ours(Code::Internal, why),
        }
    }
}
