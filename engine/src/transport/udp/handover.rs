//! What the host hands to the network thread at the end of a tick, and gets back empty to fill again.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::Duration;

use crate::outbox::FrameBatch;
use crate::transport::SessionId;

/// Ticks whose sends may wait for the network thread.
const MAX_WAITING: usize = 32;
/// Messages and disconnects that may wait in front of those.
const MAX_RETAINED: usize = 65_536;

/// What must not be lost on the way to the network thread.
#[derive(Debug)]
pub(super) enum Order {
    Message(SessionId, Vec<u8>),
    Disconnect(SessionId),
}

impl Order {
    fn session(&self) -> SessionId {
        let (Self::Message(session, _) | Self::Disconnect(session)) = self;
        *session
    }
}

/// A tick's sends.
#[derive(Debug, Default)]
pub(super) struct Handover {
    pub(super) frames: Vec<FrameBatch>,
    pub(super) orders: Vec<Order>,
    /// By the transport's clock.
    pub(super) handed_over_at: Duration,
}

impl Handover {
    pub(super) fn frame_count(&self) -> usize {
        self.frames.iter().map(FrameBatch::len).sum()
    }
}

/// The host's end.
#[derive(Debug)]
pub(super) struct Outgoing {
    open: Handover,
    spares: Vec<FrameBatch>,
    to_thread: SyncSender<Handover>,
    emptied: Receiver<Handover>,
}

/// The network thread's end.
#[derive(Debug)]
pub(super) struct Incoming {
    from_host: Receiver<Handover>,
    emptied: SyncSender<Handover>,
}

/// Both ends.
pub(super) fn handover_queue() -> (Outgoing, Incoming) {
    let (to_thread, from_host) = sync_channel(MAX_WAITING);
    let (give_back, emptied) = sync_channel(MAX_WAITING);
    let outgoing = Outgoing { open: Handover::default(), spares: Vec::new(), to_thread, emptied };
    (outgoing, Incoming { from_host, emptied: give_back })
}

impl Outgoing {
    /// Takes a batch, and gives back an empty one.
    pub(super) fn push_frames(&mut self, frames: FrameBatch) -> FrameBatch {
        if frames.is_empty() {
            return frames;
        }
        self.open.frames.push(frames);
        self.spares.pop().unwrap_or_default()
    }

    pub(super) fn push(&mut self, order: Order) {
        self.open.orders.push(order);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.frames.is_empty() && self.open.orders.is_empty()
    }

    /// Hands over what there is. Where the thread lags, frames are out of date by now: gives the number of those that were
    /// thrown away. The rest waits for the next time.
    pub(super) fn flush(&mut self, now: Duration) -> usize {
        self.open.handed_over_at = now;
        let next = match self.emptied.try_recv() {
            Ok(mut empty) => {
                self.spares.append(&mut empty.frames);
                empty
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => Handover::default(),
        };
        match self.to_thread.try_send(std::mem::replace(&mut self.open, next)) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => 0,
            Err(TrySendError::Full(late)) => self.retain(late),
        }
    }

    fn retain(&mut self, mut late: Handover) -> usize {
        let lost = late.frame_count();
        late.frames.iter_mut().for_each(FrameBatch::clear);
        self.spares.append(&mut late.frames);
        if late.orders.len() > MAX_RETAINED {
            let sessions: BTreeSet<_> = late.orders.iter().map(Order::session).collect();
            late.orders = sessions.into_iter().map(Order::Disconnect).collect();
        }
        self.open = late;
        lost
    }
}

impl Incoming {
    /// The oldest that waits.
    pub(super) fn next(&self) -> Option<Handover> {
        self.from_host.try_recv().ok()
    }

    /// Gives back one that is done with.
    pub(super) fn give_back(&self, mut done: Handover) {
        done.frames.iter_mut().for_each(FrameBatch::clear);
        done.orders.clear();
        let _ = self.emptied.try_send(done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(session: u64) -> FrameBatch {
        let mut batch = FrameBatch::default();
        batch.write(SessionId(session), |out| out.extend([0; 100]));
        batch
    }

    #[test]
    fn buffers_go_round() {
        let (mut host, thread) = handover_queue();
        host.push_frames(batch(1));
        host.flush(Duration::ZERO);
        let done = thread.next().unwrap();
        let buffer = done.frames[0].get(0).unwrap().1.as_ptr();
        thread.give_back(done);
        host.push_frames(batch(2));
        host.flush(Duration::ZERO);
        let mut again = host.push_frames(batch(3));
        assert!(again.is_empty());
        again.write(SessionId(4), |out| out.push(1));
        assert_eq!(again.get(0).unwrap().1.as_ptr(), buffer, "the first batch's buffer");
    }

    #[test]
    fn a_thread_that_lags_costs_frames_and_no_orders() {
        let (mut host, thread) = handover_queue();
        for tick in 0..MAX_WAITING as u64 + 3 {
            host.push_frames(batch(tick));
            host.push(Order::Message(SessionId(tick), vec![1]));
            let lost = host.flush(Duration::ZERO);
            assert_eq!(lost, usize::from(tick >= MAX_WAITING as u64));
        }
        let waited = std::iter::from_fn(|| thread.next());
        assert_eq!(waited.map(|handover| handover.orders.len()).sum::<usize>(), MAX_WAITING);
        host.flush(Duration::ZERO);
        assert_eq!(thread.next().unwrap().orders.len(), 3);
    }
}
