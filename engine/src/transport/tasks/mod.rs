//! What the transports share whose clients are tasks on a thread of their own: WebSocket and WebTransport.
//!
//! A client is a stranger (`strangers`) until it has shown a ticket, and then a `session`, which a task of its own reads
//! from and writes to (`served`). The `network` is what all of them share. It gives each tick's payloads to the sockets itself
//! (`pipe`): to wake a task for each costs as much as to write. A client is given its next payload when its
//! socket has taken the one before, and until then the newest snapshot alone is kept. A client that enters a large world
//! is sent a lot at once, so its queue may be as long as over UDP; but one that has taken nothing for [`STALLED_AFTER`]
//! loses its connection if more than [`STALLED_QUEUE_BYTES`] wait.

mod network;
mod pipe;
mod runtime;
mod served;
mod session;
mod strangers;

use std::future::Future;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use realmgate_protocol::wire::stream::{Bounds, QUEUE_BYTES, QUEUE_MESSAGES};
use tokio::sync::Notify;

use super::front::Front;
use super::refusal::PacketRefusal;
use super::{ClientId, Rate, Transport, TransportEvent};
use crate::outbox::FrameBatch;

pub(super) use network::Network;
pub(super) use pipe::Pipe;
pub(super) use runtime::ThreadRuntime;
pub(super) use served::{Open, Served, claimed_client};
pub(super) use session::{End, SILENCE, refusal_code};
pub(super) use strangers::Stranger;
pub use strangers::StrangerLimits;

/// For how long a socket takes nothing until its client counts as one that does not read.
pub const STALLED_AFTER: Duration = Duration::from_secs(1);
/// Maximum bytes of messages that wait for a client that does not read.
pub const STALLED_QUEUE_BYTES: usize = 20 << 10;
/// Maximum number of messages that wait for a client that does not read: in flight one costs 96 bytes more than its own,
/// and before that 64.
pub const STALLED_QUEUE_MESSAGES: usize = 192;

/// Whether a browser page of an origin may connect; the second is the host that the request names.
pub type AllowsOrigin = Arc<dyn Fn(&str, Option<&str>) -> bool + Send + Sync>;

/// How many clients there may be, and what each of them may do.
#[derive(Debug, Clone, Copy)]
pub(super) struct NetworkSettings {
    /// The transport's name in metrics and logs.
    pub(super) name: &'static str,
    /// Most clients at once.
    pub(super) max_clients: usize,
    /// Limits of those that have not shown a ticket.
    pub(super) strangers: StrangerLimits,
    /// Rate limit for what one connected client sends.
    pub(super) messages_per_client: Rate,
    /// Bytes of messages of one client that are held while one before them is missing.
    pub(super) held_bytes: usize,
}

impl NetworkSettings {
    /// What may wait for a client, and what it may send early. Messages that others cause are left out long before the
    /// client could lose its connection by them.
    fn bounds(&self) -> Bounds {
        Bounds {
            queue_bytes: QUEUE_BYTES,
            queue_messages: QUEUE_MESSAGES,
            behind_bytes: STALLED_QUEUE_BYTES / 2,
            behind_messages: 112,
            held_bytes: self.held_bytes,
        }
    }
}

/// The thread, and the host's end of it. Dropping it ends all connections and the thread.
pub(super) struct TaskThread {
    front: Front,
    wake: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
    name: &'static str,
}

impl TaskThread {
    /// Starts a thread. `accept` returns what accepts clients there, and what is waited for at the end, for a moment at most.
    /// The metrics recorder must be installed before.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(super) fn start<A, F, E>(settings: NetworkSettings, runtime: ThreadRuntime, accept: A) -> io::Result<Self>
    where
        A: FnOnce(Rc<Network>) -> (F, E) + Send + 'static,
        F: Future<Output = ()> + 'static,
        E: Future<Output = ()>,
    {
        let ThreadRuntime { runtime, front, incoming, stranger_count } = runtime;
        let (shared, clock, wake) = (front.shared(), front.clock(), Arc::new(Notify::new()));
        let (woken, name) = (wake.clone(), settings.name);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let network = Network::new(settings, shared, clock, stranger_count);
            let tasks = tokio::task::LocalSet::new();
            tasks.block_on(&runtime, async {
                let (accepting, ending) = accept(network.clone());
                let running = network.run(tokio::task::spawn_local(accepting), ending, incoming, &woken);
                // It writes to more sockets at once than a task may by tokio's rules.
                tokio::task::coop::unconstrained(running).await;
            });
        })?;
        Ok(Self { front, wake, thread: Some(thread), name })
    }

    /// Whether the thread is alive. If not, nobody can play here any more.
    pub(super) fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Wakes the thread, whether it waits for its sockets or rests.
    fn wake(&self) {
        self.wake.notify_one();
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// How often something has been refused for this reason.
    pub(super) fn refused(&self, reason: PacketRefusal) -> u64 {
        self.front.refused(reason)
    }
}

/// A transport that is such a thread.
pub(super) trait OnThread: Send {
    /// Its thread.
    fn thread(&self) -> &TaskThread;
    /// The same, to send.
    fn thread_mut(&mut self) -> &mut TaskThread;
}

impl<T: OnThread> Transport for T {
    fn is_running(&self) -> bool {
        self.thread().is_running()
    }

    fn poll(&mut self, events: &mut Vec<TransportEvent>) {
        self.thread_mut().front.poll(events);
    }

    fn send_frames(&mut self, frames: FrameBatch) -> FrameBatch {
        self.thread_mut().front.send_frames(frames)
    }

    fn frames_out(&self) -> u64 {
        self.thread().front.frames_out()
    }

    fn send_message(&mut self, client: ClientId, bytes: Vec<u8>) {
        self.thread_mut().front.send_message(client, bytes);
    }

    fn send_of_others(&mut self, client: ClientId, bytes: Vec<u8>) {
        self.thread_mut().front.send_of_others(client, bytes);
    }

    fn disconnect(&mut self, client: ClientId) {
        self.thread_mut().front.disconnect(client);
    }

    fn flush(&mut self) {
        let thread = self.thread_mut();
        if thread.front.flush() {
            thread.wake();
        }
    }
}

impl Drop for TaskThread {
    fn drop(&mut self) {
        self.front.stop();
        self.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!(transport = self.name, "transport thread panicked");
        }
    }
}
