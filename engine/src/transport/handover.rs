//! The queue from the host to a network thread: a tick's sends go over at its end, and their buffers come back empty.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::Duration;

use super::ClientId;
use crate::outbox::FrameBatch;

/// Most ticks whose sends may wait for the network thread.
const MAX_WAITING: usize = 32;
/// Most messages and disconnects that may wait in the host while that queue is full.
const MAX_RETAINED: usize = 65_536;

/// A message or disconnect for the network thread. Unlike frames, it is kept when the thread lags.
#[derive(Debug)]
pub(super) enum Order {
    Message(ClientId, Vec<u8>),
    /// A message that another player caused, which may be dropped.
    OfOthers(ClientId, Vec<u8>),
    Disconnect(ClientId),
}

impl Order {
    fn client(&self) -> ClientId {
        let (Self::Message(client, _) | Self::OfOthers(client, _) | Self::Disconnect(client)) = self;
        *client
    }
}

/// A tick's sends.
#[derive(Debug, Default)]
pub(super) struct Handover {
    pub(super) frames: Vec<FrameBatch>,
    pub(super) orders: Vec<Order>,
    /// When it was handed over, by the transport's clock.
    pub(super) handed_over_at: Duration,
}

impl Handover {
    pub(super) fn frame_count(&self) -> usize {
        self.frames.iter().map(FrameBatch::len).sum()
    }

    pub(super) fn frame_bytes(&self) -> usize {
        self.frames.iter().map(FrameBatch::len_bytes).sum()
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

/// Creates both ends of the queue.
pub(super) fn handover_queue() -> (Outgoing, Incoming) {
    let (to_thread, from_host) = sync_channel(MAX_WAITING);
    let (give_back, emptied) = sync_channel(MAX_WAITING);
    let outgoing = Outgoing { open: Handover::default(), spares: Vec::new(), to_thread, emptied };
    (outgoing, Incoming { from_host, emptied: give_back })
}

impl Outgoing {
    /// Takes a batch and returns an empty one.
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

    /// Hands over everything queued. If the thread lags, the frames are out of date and dropped; returns how many. The
    /// rest waits for the next flush.
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
            late.orders.retain(|order| !matches!(order, Order::OfOthers(..)));
        }
        if late.orders.len() > MAX_RETAINED {
            let clients: BTreeSet<_> = late.orders.iter().map(Order::client).collect();
            late.orders = clients.into_iter().map(Order::Disconnect).collect();
        }
        self.open = late;
        lost
    }
}

impl Incoming {
    /// The oldest waiting handover.
    pub(super) fn next(&self) -> Option<Handover> {
        self.from_host.try_recv().ok()
    }

    /// Returns a finished handover for reuse.
    pub(super) fn give_back(&self, mut done: Handover) {
        done.frames.iter_mut().for_each(FrameBatch::clear);
        done.orders.clear();
        let _ = self.emptied.try_send(done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::SessionId;

    fn batch(session: u64) -> FrameBatch {
        let mut batch = FrameBatch::default();
        batch.write(SessionId::from(session), |out| out.extend([0; 100]));
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
        again.write(SessionId::from(4), |out| out.push(1));
        assert_eq!(again.get(0).unwrap().1.as_ptr(), buffer, "the first batch's buffer");
    }

    #[test]
    fn a_thread_that_lags_costs_frames_and_no_orders() {
        let (mut host, thread) = handover_queue();
        // Of each kind: what others cause is dropped only when far more of it waits.
        let orders = |tick: u64| {
            let client = ClientId(tick);
            [Order::Message(client, vec![1]), Order::OfOthers(client, vec![2]), Order::Disconnect(client)]
        };
        for tick in 0..MAX_WAITING as u64 + 3 {
            host.push_frames(batch(tick));
            orders(tick).into_iter().for_each(|order| host.push(order));
            let lost = host.flush(Duration::ZERO);
            assert_eq!(lost, usize::from(tick >= MAX_WAITING as u64));
        }
        assert!(!host.spares.is_empty() && host.spares.iter().all(FrameBatch::is_empty), "their buffers are empty");
        let mut taken: Vec<Handover> = std::iter::from_fn(|| thread.next()).collect();
        assert_eq!(taken.len(), MAX_WAITING);
        assert!(taken.iter().all(|handover| (handover.frame_count(), handover.orders.len()) == (1, 3)));
        host.flush(Duration::ZERO);
        taken.push(thread.next().unwrap());
        let late = &taken[MAX_WAITING];
        assert_eq!((late.frame_count(), late.orders.len()), (0, 9), "its frames are out of date");
        let told = taken.iter().flat_map(|handover| &handover.orders).map(|order| format!("{order:?}"));
        let all = (0..MAX_WAITING as u64 + 3).flat_map(orders).map(|order| format!("{order:?}"));
        assert_eq!(told.collect::<Vec<_>>(), all.collect::<Vec<_>>(), "in their order");
    }
}
