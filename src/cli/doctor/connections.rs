//! Whether a service that is started from here has room for the connections that it may have.

use super::finding::Finding;
use crate::app;

/// What there is to say of the limit of open files.
pub(super) fn findings(connections: usize) -> Vec<Finding> {
    let room = app::room_for(connections);
    if room.connections >= connections {
        return vec![Finding::ok(
            "connections.files",
            format!("the limit of open files leaves room for http.max_connections = {connections}"),
        )];
    }
    let found = format!(
        "of http.max_connections = {connections} the limit of open files leaves room for {}; a service started from here serves no more",
        room.connections
    );
    let change = format!(
        "ulimit -n {needed}, LimitNOFILE={needed} in systemd, --ulimit nofile={needed} in a container; or in [http]: max_connections = {}",
        room.connections,
        needed = room.files_needed
    );
    vec![Finding::warning("connections.files", found).change(change)]
}
