//! Who is calling, and whether they may.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use super::error::{Code, Problem};
use crate::domain::{Scope, SiteId};
use crate::service::{self, Caller, Service};

/// The caller, by the key in `Authorization: Bearer …`, from this address.
pub(super) async fn caller(request: &HttpRequest, service: &Service, from: IpAddr) -> Result<Caller, Problem> {
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return Err(Problem::new(Code::NoKey, "Send `Authorization: Bearer <key>`."));
    };
    let key = header.to_str().ok().and_then(|text| text.split_once(' '));
    match key {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(service.authenticate(key.trim(), Some(from)).await?)
        }
        _ => Err(Problem::new(Code::WrongKey, "The header must read `Authorization: Bearer <key>`.")),
    }
}

/// A key with at least one of these scopes.
pub(super) fn with_scope(caller: Caller, wanted: &[Scope]) -> Result<Caller, Problem> {
    if wanted.iter().any(|scope| caller.may(*scope)) { Ok(caller) } else { Err(Problem::missing_scope(wanted)) }
}

/// A key that stands above sites.
pub(super) fn operator(caller: Caller) -> Result<Caller, Problem> {
    if caller.is_operator() {
        Ok(caller)
    } else {
        Err(Problem::new(Code::OperatorOnly, "This is for operators' keys, which stand above sites."))
    }
}

/// A key that opens this site. To any other, the site is one that never was.
pub(super) fn of_site(caller: Caller, site: &SiteId) -> Result<Caller, Problem> {
    if caller.opens(site) { Ok(caller) } else { Err(service::Error::UnknownSite.into()) }
}
