//! Programs inside this test that can be killed.
//!
//! Each has a thread and a runtime of its own. When it is killed nothing of it goes on and nobody is told: its tasks are
//! dropped where they stand, and with them its sockets, its files and its half-done work in the database, just as the
//! system does it for a process. What a thread of its own is doing at that instant (a command at the card, a statement)
//! may still come to its end, with nobody there to hear of it.

use std::thread::{Builder, JoinHandle};

use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;

/// A program that runs.
pub(super) struct Process {
    kill: oneshot::Sender<()>,
    thread: JoinHandle<()>,
    handle: Handle,
}

impl Process {
    /// Starts a program; whatever it does, it lives until it is killed.
    pub(super) fn start<F: Future<Output = ()>>(name: &str, program: impl FnOnce() -> F + Send + 'static) -> Self {
        let (kill, killed) = oneshot::channel();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let handle = runtime.handle().clone();
        let live = move || {
            let life = async {
                program().await;
                std::future::pending::<()>().await;
            };
            runtime.block_on(async {
                tokio::select! { biased; _ = killed => {}, () = life => {} }
            });
            // Does not wait for threads that are at work: the one that kills may be one of them.
            runtime.shutdown_background();
        };
        let thread = Builder::new().name(name.to_owned()).spawn(live).expect("a thread");
        Self { kill, thread, handle }
    }

    /// Where its tasks run.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Kills it. When this returns, none of its tasks is left.
    pub(super) fn kill(self) {
        drop(self.kill);
        self.thread.join().expect("a program ends only by being killed");
    }
}
