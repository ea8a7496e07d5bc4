//! The thread on which connections live, whoever uses them: callers' runtimes may end while others still wait.

use std::future::Future;
use std::io;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// The thread. Everything that runs on it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Engine {
    handle: Handle,
    /// Dropped, it ends the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new().name("redis".to_owned()).spawn(move || {
            // It ends by the sender's end: nothing is ever sent.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, stop: Some(stop), thread: Some(thread) })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Runs something on the thread until it is done or the thread ends.
    pub(super) fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(task);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take()
            // A task of the thread itself may have been the last owner.
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}
