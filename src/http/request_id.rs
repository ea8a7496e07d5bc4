//! The name of a request: in its response, its problems and its log lines.

use actix_web::HttpRequest;
use uuid::Uuid;

use crate::service::Service;

/// The header that carries it both ways.
pub(super) const HEADER: &str = "x-request-id";

/// A request's id: the caller's own if that is a sane one, else a UUID of version 7.
#[derive(Clone, Debug)]
pub(super) struct RequestId(String);

impl RequestId {
    /// The id of this request.
    pub fn of(request: &HttpRequest, service: &Service) -> Self {
        let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
        given.filter(|text| is_sane(text)).map_or_else(|| Self::made_by(service), |text| Self(text.to_owned()))
    }

    fn made_by(service: &Service) -> Self {
        let millis = u64::try_from(service.now().millis()).unwrap_or(0);
        let random = service.random().unwrap_or_default();
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as the URI reference that a problem's `instance` is.
    pub fn instance(&self) -> String {
        Uuid::try_parse(&self.0).map_or_else(|_| self.0.clone(), |id| format!("urn:uuid:{id}"))
    }
}

/// Whether an id can stand in a header, a log line and a URI as it is.
fn is_sane(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}
