//! Whether a connection has had its last request: what comes on it afterwards is not worked on (RFC 9112, 9.6).

use std::any::Any;
use std::cell::Cell;

use actix_web::dev::Extensions;
use actix_web::http::ConnectionType;
use actix_web::{HttpRequest, HttpResponse};

/// A connection. actix reads on after a request or an answer that closes it, and would serve what else is there.
#[derive(Default)]
struct Connection {
    is_over: Cell<bool>,
}

/// Begins to keep count of a new connection.
pub(super) fn watch(_: &dyn Any, data: &mut Extensions) {
    data.insert(Connection::default());
}

/// Whether a request before this one was the connection's last.
pub(super) fn is_passed(request: &HttpRequest) -> bool {
    request.conn_data::<Connection>().is_some_and(|connection| connection.is_over.get())
}

/// Notes whether this request is the connection's last, by its own word or by its answer's.
pub(super) fn note(request: &HttpRequest, response: &HttpResponse) {
    let closes = |kind| kind == ConnectionType::Close;
    if let Some(connection) = request.conn_data::<Connection>()
        && (closes(request.head().connection_type()) || closes(response.head().connection_type()))
    {
        connection.is_over.set(true);
    }
}
