//! Events that wait for the host's next poll, bounded for each client so that no client can crowd out another.

use std::collections::HashMap;

use super::{ClientId, MAX_FRAMES_PER_POLL, MAX_MESSAGES_PER_POLL, TransportEvent};

/// Number of waiting events from which on no new client is let in. Only a host that stopped polling gets here.
const CROWDED: usize = 65_536;

/// The events since the last poll, in the order they came.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    events: Vec<TransportEvent>,
    /// Only looked up by client, never iterated. Stays allocated from poll to poll.
    taken: HashMap<ClientId, Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    frames: usize,
    messages: usize,
}

impl Inbox {
    /// Takes an event. Returns false if its client has used up its share of this poll.
    pub(super) fn push(&mut self, event: TransportEvent) -> bool {
        let client = event.client();
        let fits = match event {
            TransportEvent::Frame { .. } => {
                let taken = self.taken.entry(client).or_default();
                taken.frames += 1;
                taken.frames <= MAX_FRAMES_PER_POLL
            }
            TransportEvent::Message { .. } => {
                let taken = self.taken.entry(client).or_default();
                taken.messages += 1;
                taken.messages <= MAX_MESSAGES_PER_POLL
            }
            TransportEvent::Connected { .. } | TransportEvent::Disconnected { .. } => true,
        };
        if fits {
            self.events.push(event);
        }
        fits
    }

    /// Whether another message of the client fits. One that does not can wait where it is.
    pub(super) fn has_room_for_message(&self, client: ClientId) -> bool {
        self.taken.get(&client).is_none_or(|taken| taken.messages < MAX_MESSAGES_PER_POLL)
    }

    /// Whether the host has not polled for a long time.
    pub(super) fn is_crowded(&self) -> bool {
        self.events.len() >= CROWDED
    }

    /// Moves all events into `events` and starts a new share for every client.
    pub(super) fn drain_into(&mut self, events: &mut Vec<TransportEvent>) {
        events.append(&mut self.events);
        self.taken.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use realmgate_protocol::wire::datagram::ClientFrame;

    #[test]
    fn one_client_can_not_take_the_share_of_another() {
        let (loud, calm) = (ClientId(1), ClientId(2));
        let frame = |client| TransportEvent::Frame { client, frame: ClientFrame::default() };
        let message = |client| TransportEvent::Message { client, bytes: vec![1] };
        let kinds: [(&dyn Fn(ClientId) -> TransportEvent, usize); 2] =
            [(&frame, MAX_FRAMES_PER_POLL), (&message, MAX_MESSAGES_PER_POLL)];
        let mut inbox = Inbox::default();
        for poll in ["the first", "a new poll brings a new share"] {
            let mut expected = Vec::new();
            for (event, share) in kinds {
                for client in [loud, calm] {
                    assert_eq!((0..100).filter(|_| inbox.push(event(client))).count(), share, "{poll}");
                    expected.extend((0..share).map(|_| event(client)));
                }
            }
            assert!(!inbox.has_room_for_message(loud) && inbox.has_room_for_message(ClientId(3)));
            let mut events = Vec::new();
            inbox.drain_into(&mut events);
            assert_eq!(events, expected, "{poll}");
        }
    }
}
