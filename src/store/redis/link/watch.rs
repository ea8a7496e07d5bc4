//! Looks at the servers every now and then: whether those that were away are back, and whether all are as demanded.

use std::sync::Weak;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Notify;

use super::Inner;
use super::address::Kind;
use super::demands::Found;

/// Between two looks while something is away, while something is not as demanded, and else.
const WHILE_AWAY: Duration = Duration::from_millis(150);
const WHILE_UNFIT: Duration = Duration::from_millis(500);
const USUALLY: Duration = Duration::from_secs(2);

/// Wakes the watch.
#[derive(Debug, Default)]
pub(super) struct Bell(Notify);

impl Bell {
    /// There is something to look at.
    pub(super) fn ring(&self) {
        self.0.notify_one();
    }
}

/// Watches until the link is gone. It begins with the first ring: a store that nobody asks is left in peace.
pub(super) async fn watch(link: Weak<Inner>, bell: std::sync::Arc<Bell>) {
    bell.0.notified().await;
    while let Some(inner) = link.upgrade() {
        let pause = look(&inner).await;
        drop(inner);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = bell.0.notified() => tokio::time::sleep(WHILE_AWAY.min(pause)).await,
        }
    }
}

/// Looks once; how long until the next time.
async fn look(inner: &Inner) -> Duration {
    let servers = &inner.servers;
    let away = || servers.here().is_err() || servers.known().iter().any(|node| node.presence.in_doubt());
    if (*servers.kind() != Kind::Single || servers.known().is_empty())
        // What came of it, its presence tells.
        && servers.ask().await.is_err()
    {
        return WHILE_AWAY;
    }
    let nodes = servers.known();
    join_all(nodes.iter().map(|node| node.look())).await;
    let unfit = nodes.iter().any(|node| !matches!(node.fitness(), Some((Found::Fit | Found::Unverified, _))));
    match (away(), unfit) {
        (true, _) => WHILE_AWAY,
        (false, true) => WHILE_UNFIT,
        (false, false) => USUALLY,
    }
}
