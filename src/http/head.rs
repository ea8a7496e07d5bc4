//! The head of a request: how much of it there may be.

use actix_web::HttpRequest;

use super::error::{Code, Problem};

/// The most header lines. actix itself refuses more than 96, and a head of more than 128 KiB.
const HEADER_LINES: usize = 64;

/// The most bytes of path and query: 8 KiB.
const TARGET_BYTES: usize = 8 * 1024;

/// Refuses a head that is larger than any client of ours needs.
pub(super) fn check(request: &HttpRequest) -> Result<(), Problem> {
    let lines = request.headers().len();
    if lines > HEADER_LINES {
        let detail = format!("A request may have {HEADER_LINES} header lines, not {lines}.");
        return Err(Problem::new(Code::TooManyHeaders, detail));
    }
    let target = request.uri().path().len() + request.uri().query().map_or(0, |query| query.len() + 1);
    if target > TARGET_BYTES {
        let detail = format!("Path and query may have {TARGET_BYTES} bytes, not {target}.");
        return Err(Problem::new(Code::TargetTooLong, detail));
    }
    Ok(())
}
