//! A line of the route table: what may be called, by whom, and what answers.

use std::pin::Pin;

use actix_web::HttpResponse;
use actix_web::http::Method;

use super::auth;
use super::call::{Call, SiteCall};
use super::client_ip::Networks;
use super::error::Problem;
use crate::domain::Scope;
use crate::service::Caller;

/// What a handler answers.
pub(super) type Answer = Result<HttpResponse, Problem>;

type Running = Pin<Box<dyn Future<Output = Answer>>>;
type Handler<C> = Box<dyn Fn(C) -> Running>;

/// A method on a path.
pub(super) struct Route {
    pub method: Method,
    pub path: &'static str,
    /// The query parameters it knows; any other is refused.
    pub query: &'static [&'static str],
    access: Access,
    /// Who needs no key here.
    open_to: Option<Networks>,
}

/// Who may call; the handler lies behind it, so that nothing is reached without it.
enum Access {
    /// Everybody.
    Public(Handler<Call>),
    /// These networks, or everybody; to others, there is nothing.
    Nearby(Option<Networks>, Handler<Call>),
    /// A key with the scope, of whatever site.
    Key(Scope, Handler<Call>),
    /// An operator's key with the scope.
    Operator(Scope, Handler<Call>),
    /// A key of the path's site with one of the scopes.
    Site(&'static [Scope], Handler<SiteCall>),
}

/// A route for everybody.
pub(super) fn public<F>(method: Method, path: &'static str, handler: impl Fn(Call) -> F + 'static) -> Route
where
    F: Future<Output = Answer> + 'static,
{
    Route::new(method, path, Access::Public(Box::new(move |call| Box::pin(handler(call)))))
}

/// A route for these networks, or (`None`) for everybody; to others, there is nothing.
pub(super) fn nearby<F>(
    method: Method,
    path: &'static str,
    networks: Option<Networks>,
    handler: impl Fn(Call) -> F + 'static,
) -> Route
where
    F: Future<Output = Answer> + 'static,
{
    Route::new(method, path, Access::Nearby(networks, Box::new(move |call| Box::pin(handler(call)))))
}

/// A route for every key with the scope.
pub(super) fn key<F>(method: Method, path: &'static str, scope: Scope, handler: impl Fn(Call) -> F + 'static) -> Route
where
    F: Future<Output = Answer> + 'static,
{
    Route::new(method, path, Access::Key(scope, Box::new(move |call| Box::pin(handler(call)))))
}

/// A route for operators' keys with the scope.
pub(super) fn operator<F>(
    method: Method,
    path: &'static str,
    scope: Scope,
    handler: impl Fn(Call) -> F + 'static,
) -> Route
where
    F: Future<Output = Answer> + 'static,
{
    Route::new(method, path, Access::Operator(scope, Box::new(move |call| Box::pin(handler(call)))))
}

/// A route for keys of the path's site with one of the scopes.
pub(super) fn site<F>(
    method: Method,
    path: &'static str,
    scopes: &'static [Scope],
    handler: impl Fn(SiteCall) -> F + 'static,
) -> Route
where
    F: Future<Output = Answer> + 'static,
{
    Route::new(method, path, Access::Site(scopes, Box::new(move |call| Box::pin(handler(call)))))
}

impl Route {
    fn new(method: Method, path: &'static str, access: Access) -> Self {
        Self { method, path, query: &[], access, open_to: None }
    }

    /// The same route with query parameters.
    pub fn query(self, names: &'static [&'static str]) -> Self {
        Self { query: names, ..self }
    }

    /// The same route, open to operators' keys and, without a key, to these networks.
    pub fn open_to(self, networks: &Networks) -> Self {
        Self { open_to: Some(networks.clone()), ..self }
    }

    /// Whether this route takes the method; what answers GET answers HEAD too.
    pub fn takes(&self, method: &Method) -> bool {
        self.method == *method || (self.method == Method::GET && *method == Method::HEAD)
    }

    /// Who may call: `public`; `nearby`, which is this machine or everybody, as configured; or `key`, `operator` or `site` and
    /// the scopes of which one is needed; and whether a network may do without.
    pub fn access_in_words(&self) -> String {
        let words = |kind: &str, scopes: &[Scope]| {
            let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
            format!("{kind} {}", scopes.join("|"))
        };
        match &self.access {
            Access::Public(_) => "public".to_owned(),
            Access::Nearby(..) => "nearby".to_owned(),
            Access::Key(scope, _) => words("key", &[*scope]),
            Access::Operator(scope, _) if self.open_to.is_some() => {
                format!("{}, or an open network", words("operator", &[*scope]))
            }
            Access::Operator(scope, _) => words("operator", &[*scope]),
            Access::Site(scopes, _) => words("site", scopes),
        }
    }

    /// Lets the caller in, if the table says so, and answers.
    pub async fn answer(&self, call: Call) -> Answer {
        match &self.access {
            // Monitors like to add parameters of their own.
            Access::Public(handler) => handler(call).await,
            Access::Nearby(networks, handler) => {
                if networks.as_ref().is_some_and(|networks| !call.is_from(networks)) {
                    return Err(Problem::unknown_route());
                }
                handler(call).await
            }
            Access::Key(scope, handler) => {
                auth::with_scope(charged_caller(&call).await?, &[*scope])?;
                handler(call.checked(self.query)?).await
            }
            Access::Operator(scope, handler) => {
                if !self.open_to.as_ref().is_some_and(|networks| call.is_from(networks)) {
                    auth::with_scope(auth::operator(charged_caller(&call).await?)?, &[*scope])?;
                }
                handler(call.checked(self.query)?).await
            }
            Access::Site(scopes, handler) => {
                let caller = charged_caller(&call).await?;
                let site = call.site()?;
                let caller = auth::with_scope(auth::of_site(caller, &site)?, scopes)?;
                call.note_site(&site);
                handler(SiteCall { site, caller, request: call.checked(self.query)? }).await
            }
        }
    }
}

/// The caller, if their key has room for another request, whatever becomes of it.
async fn charged_caller(call: &Call) -> Result<Caller, Problem> {
    let caller = call.caller().await?;
    call.service.charge_request(&caller)?;
    Ok(caller)
}
