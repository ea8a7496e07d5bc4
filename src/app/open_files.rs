//! How many files this process may have open, and how many connections that leaves room for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the process itself keeps open: database, log, event queues, listening sockets, a spare.
const OWN: u64 = 48;

/// The fewest connections that are worth a start.
const FEWEST: usize = 8;

/// Raises the limit of open files as far as these connections need it, and answers how many of them there is room for. Says in
/// the log what to change if that is not all of them.
pub(super) fn make_room_for(connections: usize) -> usize {
    let needed = OWN + connections as u64;
    let limit = getrlimit(Resource::Nofile);
    let raised = limit.maximum.map_or(needed, |most| needed.min(most));
    if limit.current.is_some_and(|current| current < raised) {
        // What cannot be raised is seen in the limit that then holds.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum });
    }
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(needed);
    let room = room_within(allowed, connections);
    if room < connections {
        tracing::warn!(
            open_files = allowed,
            connections = room,
            "the limit of open files leaves room for {room} of http.max_connections = {connections}: raise it to {needed} \
             (`ulimit -n`, LimitNOFILE in systemd, --ulimit nofile in a container), or lower http.max_connections"
        );
    }
    room
}

/// What the limit of open files leaves room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// So many connections.
    pub connections: usize,
    /// So many open files all that were asked for need.
    pub files_needed: u64,
}

/// For how many of these connections a process that is started from this one has room, once it has raised its limit.
pub fn room_for(connections: usize) -> Room {
    let files_needed = OWN + connections as u64;
    let allowed = getrlimit(Resource::Nofile).maximum.unwrap_or(files_needed);
    Room { connections: room_within(allowed, connections), files_needed }
}

fn room_within(allowed: u64, connections: usize) -> usize {
    let left = usize::try_from(allowed.saturating_sub(OWN)).unwrap_or(usize::MAX);
    connections.min(left.max(FEWEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_get_what_the_process_leaves() {
        for (allowed, connections, room) in [(20_000, 10_000, 10_000), (1_024, 10_000, 976), (50, 10_000, 8), (0, 4, 4)]
        {
            assert_eq!(room_within(allowed, connections), room, "{allowed} {connections}");
        }
    }
}
