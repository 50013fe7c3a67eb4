//! What the thread keeps for one connected client: its connection, its newest snapshot, and whether it is over.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use realmgate_protocol::wire::datagram::ClientFrame;
use realmgate_protocol::wire::stream::QueueError;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::pipe::Pipe;
use super::{STALLED_AFTER, STALLED_QUEUE_BYTES, STALLED_QUEUE_MESSAGES};
use crate::transport::ClientId;
use crate::transport::connection::Connection;
use crate::transport::refusal::PacketRefusal;

/// A client that sends nothing for so long is gone.
pub(in crate::transport) const SILENCE: Duration = Duration::from_secs(10);

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::transport) enum End {
    /// The host has ended it.
    ByHost,
    /// The client has ended it, or the socket broke.
    ByClient,
    /// Nothing came for too long.
    Silent,
    /// It does not read what it is sent.
    Behind,
    /// It broke the rules too often.
    Abuse,
    /// It has sent a message that is longer than any payload.
    TooLong,
}

impl End {
    /// What its client is told.
    pub(in crate::transport) fn close_code(self) -> Option<u16> {
        match self {
            Self::ByHost => Some(1_000),
            Self::ByClient => None,
            Self::Silent | Self::Behind | Self::Abuse => Some(1_008),
            Self::TooLong => Some(1_009),
        }
    }
}

/// What a client is told that is not taken: whether it may help to try again later.
pub(in crate::transport) fn refusal_code(reason: PacketRefusal) -> u16 {
    match reason {
        PacketRefusal::ServerFull | PacketRefusal::HostBehind => 1_013,
        _ => 1_008,
    }
}

/// A connected client.
pub(super) struct Session {
    client: ClientId,
    connection: RefCell<Connection>,
    snapshot: RefCell<Snapshot>,
    /// What payloads are built in.
    payload: RefCell<Vec<u8>>,
    /// What carries its payloads, once its task writes.
    pipe: OnceCell<Rc<dyn Pipe>>,
    /// There may be something to send, or the pipe has not passed on what it was given.
    wake: Notify,
    /// Since when the pipe has not passed on a payload; `None` while there is none.
    sending_since: Cell<Option<Duration>>,
    heard_at: Cell<Duration>,
    decided: Cell<Option<End>>,
    changed: Notify,
}

/// The newest snapshot.
#[derive(Debug, Default)]
struct Snapshot {
    bytes: Vec<u8>,
    is_new: bool,
}

impl Session {
    pub(super) fn new(connection: Connection, now: Duration) -> Self {
        Self {
            client: connection.client,
            connection: RefCell::new(connection),
            snapshot: RefCell::default(),
            payload: RefCell::default(),
            pipe: OnceCell::new(),
            wake: Notify::new(),
            sending_since: Cell::new(None),
            heard_at: Cell::new(now),
            decided: Cell::new(None),
            changed: Notify::new(),
        }
    }

    pub(super) fn client(&self) -> ClientId {
        self.client
    }

    /// Takes a snapshot, which is sent by the next [`Self::send_due`]. Returns whether the one before it was not sent, and
    /// never will be.
    pub(super) fn show(&self, snapshot: &[u8]) -> bool {
        if self.connection.borrow().is_closing() {
            return false;
        }
        let mut slot = self.snapshot.borrow_mut();
        slot.bytes.clear();
        slot.bytes.extend_from_slice(snapshot);
        std::mem::replace(&mut slot.is_new, true)
    }

    pub(super) fn queue(&self, message: Vec<u8>) -> Result<(), QueueError> {
        let mut connection = self.connection.borrow_mut();
        if connection.is_closing() {
            return Ok(());
        }
        self.wake.notify_one();
        connection.queue(message)
    }

    pub(super) fn is_behind(&self) -> bool {
        self.connection.borrow().is_behind()
    }

    pub(super) fn has_message(&self) -> bool {
        self.connection.borrow().may_have_message()
    }

    pub(super) fn next_message(&self) -> Option<Vec<u8>> {
        self.connection.borrow_mut().next_message()
    }

    /// Whether more waits than may for a client that does not read, and it does not.
    pub(super) fn is_stalled(&self, now: Duration) -> bool {
        let is_late = |since| now.saturating_sub(since) >= STALLED_AFTER;
        let (bytes, messages) = self.connection.borrow().queued();
        self.decided.get().is_none()
            && self.sending_since.get().is_some_and(is_late)
            && (bytes > STALLED_QUEUE_BYTES || messages > STALLED_QUEUE_MESSAGES)
    }

    /// Notes that something came from the client.
    pub(super) fn note_heard(&self, now: Duration) {
        self.heard_at.set(now);
    }

    /// Whether nothing came from the client for too long.
    pub(super) fn is_silent(&self, now: Duration) -> bool {
        now.saturating_sub(self.heard_at.get()) >= SILENCE
    }

    /// Whether it is over, though its task may not know yet.
    pub(super) fn is_decided(&self) -> bool {
        self.decided.get().is_some()
    }

    /// Begins to close it: it ends when the client has acknowledged all, or after a while.
    pub(super) fn close(&self, now: Duration) {
        self.connection.borrow_mut().close(now);
        self.wake.notify_one();
    }

    pub(super) fn end_if_over(&self, now: Duration) {
        if self.connection.borrow().is_over(now) {
            self.end(End::ByHost);
        }
    }

    /// Ends it now. What was decided first stays.
    pub(super) fn end(&self, end: End) {
        if self.decided.get().is_none() {
            self.decided.set(Some(end));
        }
        self.changed.notify_one();
    }

    pub(super) async fn until_decided(&self) -> End {
        loop {
            if let Some(end) = self.decided.get() {
                return end;
            }
            self.changed.notified().await;
        }
    }

    /// Takes a payload. Returns its input frame, if there is one and the host still listens.
    pub(super) fn receive(&self, payload: &[u8], now: Duration) -> Result<Option<ClientFrame>, PacketRefusal> {
        let mut connection = self.connection.borrow_mut();
        let mut frame = None;
        connection.receive(payload, now, |taken| frame = Some(taken))?;
        // An acknowledgement may be due, or the last one may have come.
        if !connection.is_quiet() {
            self.wake.notify_one();
        }
        Ok(frame.filter(|_| !connection.is_closing()))
    }

    /// Takes one from the budget of what the client may send, for something other than a payload.
    pub(super) fn spend(&self, now: Duration) -> bool {
        self.connection.borrow_mut().spend(now)
    }

    /// Counts a breach of the rules. Returns whether it was one too many.
    pub(super) fn breach(&self, reason: PacketRefusal, now: Duration) -> bool {
        self.connection.borrow_mut().breach(reason, now)
    }

    /// Whether it has been closed, and there is nothing more to wait for.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        self.connection.borrow().is_over(now)
    }

    /// Waits until there may be something to send: at once when told, and after `look_every` where something may have
    /// become due by itself.
    pub(super) async fn until_woken(&self, look_every: Duration) {
        let is_quiet = self.connection.borrow().is_quiet();
        tokio::select! {
            () = self.wake.notified() => {}
            () = sleep(look_every), if !is_quiet => {}
        }
    }

    /// Payloads go this way from now on.
    pub(super) fn open(&self, pipe: Rc<dyn Pipe>) {
        let is_first = self.pipe.set(pipe).is_ok();
        debug_assert!(is_first, "a session has one pipe");
    }

    /// Whether payloads have a way, and all that were given to it have been passed on.
    pub(super) fn is_free(&self) -> bool {
        self.pipe.get().is_some_and(|pipe| pipe.is_free())
    }

    /// Gives what is due to the pipe, each payload when the one before has been passed on. `sent` is told how long each is,
    /// and whether it shows a snapshot. What cannot be given yet is left to the task.
    pub(super) fn send_due(&self, now: Duration, mut sent: impl FnMut(usize, bool)) {
        let Some(pipe) = self.pipe.get().filter(|pipe| pipe.is_free()) else { return };
        while pipe.is_free()
            && let Some((payload, shows)) = self.next_payload(now)
        {
            sent(payload.len(), shows);
            pipe.give(payload);
        }
        self.sending_since.set((!pipe.is_free()).then_some(now));
    }

    /// Wakes the task, unless there is nothing for it to do but to wait for the next snapshot.
    pub(super) fn wake_if_needed(&self) {
        if !self.is_free() || !self.connection.borrow().is_quiet() {
            self.wake.notify_one();
        }
    }

    /// The next payload that is due, and whether it shows a snapshot.
    fn next_payload(&self, now: Duration) -> Option<(Bytes, bool)> {
        let mut slot = self.snapshot.borrow_mut();
        let is_new = std::mem::take(&mut slot.is_new);
        let mut connection = self.connection.borrow_mut();
        let mut payload = self.payload.borrow_mut();
        let payload = connection.compose_one(is_new.then_some(&slot.bytes), now, &mut payload)?;
        Some((Bytes::copy_from_slice(payload), is_new))
    }
}
