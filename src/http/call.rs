//! A request on its way to its handler: path, query, headers and body, each parsed strictly.

use std::sync::Arc;

use actix_web::http::header::{AsHeaderName, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::Edge;
use super::auth;
use super::body::Incoming;
use super::client_ip::{self, CallerAddress, KnownBy, Networks};
use super::error::{Code, Problem};
use super::noted::NotedSite;
use super::passes::Passes;
use super::query::Query;
use super::request_id::RequestId;
use super::website;
use super::wire::{FieldFault, JsonError, parse_json};
use crate::domain::{AuthorId, CommentRef, EntryId, Fault, KeyId, ListName, SiteId};
use crate::service::{self, Caller, Service};

/// The most bytes of a body: 256 KiB.
pub(super) const BODY_BYTES: usize = 256 * 1024;

/// A request.
pub(super) struct Call {
    pub service: Arc<Service>,
    pub id: RequestId,
    pub query: Query,
    request: HttpRequest,
    body: Incoming,
    pattern: &'static str,
    edge: Arc<Edge>,
}

/// A request below a site, by somebody who may make it.
pub(super) struct SiteCall {
    pub site: SiteId,
    pub caller: Caller,
    pub request: Call,
}

impl Call {
    /// A request as it arrived at a route with this pattern.
    pub fn new(request: HttpRequest, body: Incoming, pattern: &'static str, at: (Arc<Edge>, RequestId)) -> Self {
        let (edge, id) = at;
        Self { service: edge.service.clone(), id, query: Query::default(), request, body, pattern, edge }
    }

    /// The same with its query read, if neither query nor encoding is in the way.
    pub fn checked(self, parameters: &[&str]) -> Result<Self, Problem> {
        let mut encodings = self.request.headers().get_all(CONTENT_ENCODING);
        if encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(Problem::new(Code::EncodedBody, "Send the body as it is, without Content-Encoding."));
        }
        let query = Query::parse(self.request.query_string(), parameters).map_err(Problem::invalid)?;
        Ok(Self { query, ..self })
    }

    /// Who is calling.
    pub async fn caller(&self) -> Result<Caller, Problem> {
        auth::caller(&self.request, &self.service, self.address().ip).await
    }

    /// Where it comes from.
    pub fn address(&self) -> CallerAddress {
        CallerAddress::of(&self.request, &self.edge.forwarding)
    }

    /// Whether it comes from one of these networks, and from nobody behind a proxy whose word is not taken; from this machine,
    /// not for a page of a website that has its name lead here.
    pub fn is_from(&self, networks: &Networks) -> bool {
        let CallerAddress { ip, known_by } = self.address();
        let is_sure = match known_by {
            KnownBy::Connection => !client_ip::names_a_proxy(&self.request),
            KnownBy::Header => true,
            KnownBy::BrokenHeader => false,
        };
        let is_asked_for_us = !ip.is_loopback() || website::is_a_name_of_ours(&self.request, &self.edge.public_url);
        is_sure && is_asked_for_us && networks.contain(ip)
    }

    /// Whether the page of another website sent it.
    pub fn is_from_elsewhere(&self) -> bool {
        website::is_sent_from_elsewhere(&self.request, &self.edge.public_url)
    }

    /// The path's site.
    pub fn site(&self) -> Result<SiteId, Problem> {
        let site = self.segment("{site}").and_then(|text| text.parse().ok());
        site.ok_or_else(|| service::Error::UnknownSite.into())
    }

    /// The path's comment.
    pub fn comment(&self) -> Result<CommentRef, Problem> {
        let comment = self.segment("{comment}").and_then(|text| text.parse().ok());
        comment.ok_or_else(|| service::Error::UnknownComment.into())
    }

    /// The path's author.
    pub fn author(&self) -> Result<AuthorId, Problem> {
        let author = self.segment("{author}").and_then(|text| text.parse().ok());
        author.ok_or_else(|| service::Error::UnknownAuthor.into())
    }

    /// The path's key.
    pub fn key(&self) -> Result<KeyId, Problem> {
        let key = self.segment("{key}").and_then(|text| text.parse().ok());
        key.ok_or_else(|| service::Error::UnknownKey.into())
    }

    /// The path's list.
    pub fn list(&self) -> Result<ListName, Problem> {
        let list = self.segment("{list}").and_then(|text| text.parse().ok());
        list.ok_or_else(|| service::Error::UnknownList.into())
    }

    /// The path's entry of a list.
    pub fn entry(&self) -> Result<EntryId, Problem> {
        let entry = self.segment("{entry}").and_then(|text| text.parse().ok());
        entry.ok_or_else(|| service::Error::UnknownEntry.into())
    }

    /// The path's token; whatever it is.
    pub fn token(&self) -> String {
        self.segment("{token}").unwrap_or_default()
    }

    /// A query parameter of a page for people, where nothing is refused for what else is there.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.request.query_string().as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// What a header says, as far as it is text.
    pub fn said(&self, name: impl AsHeaderName) -> Option<String> {
        self.request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// Where the outside reaches a path of ours, if somebody has said so.
    pub fn public_url(&self, path: &str) -> Option<String> {
        self.edge.public_url.of(path)
    }

    /// The same, or where this machine does. What the caller calls us is no evidence.
    pub fn page_url(&self, path: &str) -> Option<String> {
        let local = self.request.app_config().local_addr();
        self.public_url(path).or_else(|| (!local.ip().is_unspecified()).then(|| format!("http://{local}{path}")))
    }

    /// What makes the tokens by which commenters ask.
    pub fn passes(&self) -> Passes {
        Passes { service: self.service.clone(), public_url: self.edge.public_url.clone() }
    }

    /// The path's segment where the pattern has this name, percent-decoded once.
    fn segment(&self, name: &str) -> Option<String> {
        let place = self.pattern.split('/').position(|part| part == name)?;
        let raw = self.request.uri().path().split('/').nth(place)?;
        percent_decode_str(raw).decode_utf8().ok().map(|text| text.into_owned())
    }

    /// Tells the access log which site this is about.
    pub fn note_site(&self, site: &SiteId) {
        self.request.extensions_mut().insert(NotedSite(site.clone()));
    }

    /// The `Idempotency-Key`: 1 to 255 visible ASCII characters.
    pub fn idempotency_key(&self) -> Result<Option<String>, Problem> {
        const NAME: &str = "Idempotency-Key";
        let Some(value) = self.header(NAME)? else { return Ok(None) };
        if (1..=255).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Some(value));
        }
        let fault = Fault::new("invalid_key", "must be 1 to 255 visible ASCII characters");
        Err(Problem::invalid(vec![FieldFault::new(format!("header:{NAME}"), fault)]))
    }

    /// The version that `If-Match` names. Proxies that compress mark an `ETag` as weak; the version is the same.
    pub fn if_match(&self) -> Result<Option<u64>, Problem> {
        let Some(value) = self.header(IF_MATCH.as_str())? else { return Ok(None) };
        if let Some(version) = version_in(&value) {
            return Ok(Some(version));
        }
        let fault = Fault::new("invalid_version", "must be one version as the ETag gave it, such as \"3\"");
        Err(Problem::invalid(vec![FieldFault::new("header:If-Match", fault)]))
    }

    /// Whether `If-None-Match` shows that the caller has this version.
    pub fn has_version(&self, version: u64) -> bool {
        let lines = self.request.headers().get_all(IF_NONE_MATCH).filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|tag| tag.trim() == "*" || version_in(tag) == Some(version))
    }

    fn header(&self, name: &str) -> Result<Option<String>, Problem> {
        let mut lines = self.request.headers().get_all(name);
        let (first, second) = (lines.next(), lines.next());
        if second.is_some() {
            let fault = Fault::new("repeated", "is given more than once");
            return Err(Problem::invalid(vec![FieldFault::new(format!("header:{name}"), fault)]));
        }
        Ok(first.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()))
    }

    /// The body as JSON.
    pub async fn json<T: DeserializeOwned>(self, limit: usize) -> Result<T, Problem> {
        let is_json = self.is_json();
        let body = self.body(limit).await?;
        if !is_json {
            return Err(Problem::new(Code::NotJson, "Send `Content-Type: application/json`."));
        }
        parse_json(&body).map_err(Problem::from)
    }

    /// The body as JSON; without a body, the default.
    pub async fn optional_json<T: DeserializeOwned + Default>(self) -> Result<T, Problem> {
        let is_json = self.is_json();
        let body = self.body(BODY_BYTES).await?;
        match (body.is_empty(), is_json) {
            (true, _) => Ok(T::default()),
            (false, true) => parse_json(&body).map_err(Problem::from),
            (false, false) => Err(Problem::new(Code::NotJson, "Send `Content-Type: application/json`.")),
        }
    }

    fn is_json(&self) -> bool {
        let Some(Ok(header)) = self.request.headers().get(CONTENT_TYPE).map(|value| value.to_str()) else {
            return false;
        };
        let (kind, parameters) = header.split_once(';').unwrap_or((header, ""));
        let charset = parameters.trim().to_ascii_lowercase();
        kind.trim().eq_ignore_ascii_case("application/json")
            && matches!(charset.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\"")
    }

    /// The body as it came.
    pub async fn body(&self, limit: usize) -> Result<Bytes, Problem> {
        let declared = self.request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        if declared.and_then(|text| text.parse::<usize>().ok()).is_some_and(|length| length > limit) {
            return Err(Incoming::too_large(limit));
        }
        self.body.read(limit).await
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax(detail) => Problem::new(Code::InvalidJson, format!("The body {detail}.")),
            JsonError::Field(fault) => Problem::invalid(vec![fault]),
        }
    }
}

/// The version in an entity tag, weak or strong, or as a bare number.
fn version_in(tag: &str) -> Option<u64> {
    let tag = tag.trim();
    let quoted = |tag: &'_ str| tag.strip_prefix('"')?.strip_suffix('"').map(str::to_owned);
    let digits = quoted(tag.strip_prefix("W/").unwrap_or(tag)).unwrap_or_else(|| tag.to_owned());
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}
