//! Whether a connection has had its last request: what comes on it afterwards is not worked on (RFC 9112, 9.6).

use std::any::Any;
use std::cell::Cell;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::http::ConnectionType;

/// A connection. actix reads on after a request that closes it, and would serve what else is there.
#[derive(Default)]
struct Connection {
    is_over: Cell<bool>,
}

/// Begins to keep count of a new connection.
pub(super) fn watch(_: &dyn Any, data: &mut Extensions) {
    data.insert(Connection::default());
}

/// Whether a request before this one was its connection's last; notes it if this one is.
pub(super) fn is_passed(request: &HttpRequest) -> bool {
    let closes = request.head().connection_type() == ConnectionType::Close;
    request.conn_data::<Connection>().is_some_and(|connection| {
        let was_over = connection.is_over.get();
        connection.is_over.set(was_over || closes);
        was_over
    })
}
