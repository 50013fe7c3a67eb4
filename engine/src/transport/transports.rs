//! All transports of a host, behind one front.

use super::{SessionId, Transport, TransportEvent, TransportIndex};
use crate::outbox::{FrameBatch, OutMessage};

/// The transports of a host. What is sent goes to the transport that the session's id names.
pub struct Transports {
    transports: Vec<Box<dyn Transport>>,
    /// A tick's snapshots, sorted by transport. Used only if there are several; stay allocated from tick to tick.
    batches: Vec<FrameBatch>,
}

impl Transports {
    /// A host reachable over all of these.
    pub fn new(transports: Vec<Box<dyn Transport>>) -> Self {
        let batches = transports.iter().map(|_| FrameBatch::default()).collect();
        Self { transports, batches }
    }

    /// Every index.
    pub fn indexes(&self) -> impl Iterator<Item = TransportIndex> + use<> {
        (0..self.transports.len()).map(TransportIndex)
    }

    /// Appends the events of one transport since the last call, as [`Transport::poll`].
    pub fn poll(&mut self, transport: TransportIndex, events: &mut Vec<TransportEvent>) {
        if let Some(transport) = self.transports.get_mut(transport.0) {
            transport.poll(events);
        }
    }

    /// Sends snapshots, each of which may be lost. Returns an empty batch for reuse.
    pub fn send_frames(&mut self, mut frames: FrameBatch) -> FrameBatch {
        if let [only] = self.transports.as_mut_slice() {
            return only.send_frames(frames);
        }
        for (session, snapshot) in frames.iter() {
            if let Some(batch) = self.batches.get_mut(session.transport.0) {
                batch.write(session, |out| out.extend_from_slice(snapshot));
            }
        }
        for (transport, batch) in self.transports.iter_mut().zip(&mut self.batches) {
            *batch = transport.send_frames(std::mem::take(batch));
        }
        frames.clear();
        frames
    }

    /// Sends a reliable message.
    pub fn send(&mut self, OutMessage { session, bytes, of_others }: OutMessage) {
        let Some(transport) = self.transports.get_mut(session.transport.0) else { return };
        if of_others {
            transport.send_of_others(session.client, bytes);
        } else {
            transport.send_message(session.client, bytes);
        }
    }

    /// Ends a session after its queued reliable messages were sent at least once.
    pub fn disconnect(&mut self, session: SessionId) {
        if let Some(transport) = self.transports.get_mut(session.transport.0) {
            transport.disconnect(session.client);
        }
    }

    /// Hands over everything sent since the last call. Marks the end of a tick.
    pub fn flush(&mut self) {
        self.transports.iter_mut().for_each(|transport| transport.flush());
    }

    /// Number of snapshots that have gone out so far.
    pub fn frames_out(&self) -> u64 {
        self.transports.iter().map(|transport| transport.frames_out()).sum()
    }

    /// Whether all of them are running. A server that some players cannot reach is no better than one that is down: it
    /// should be replaced.
    pub fn is_running(&self) -> bool {
        self.transports.iter().all(|transport| transport.is_running())
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::{MemoryReceived, memory_transport};
    use super::super::{ClientId, TransportEvent};
    use super::*;

    const CLIENT: ClientId = ClientId(7);

    fn session(transport: usize) -> SessionId {
        SessionId { client: CLIENT, transport: TransportIndex(transport) }
    }

    fn message(transport: usize, byte: u8) -> OutMessage {
        OutMessage { session: session(transport), bytes: vec![byte], of_others: byte > 9 }
    }

    #[test]
    fn each_session_is_served_by_its_own_transport_even_under_one_client_id() {
        let (first, first_network) = memory_transport();
        let (second, second_network) = memory_transport();
        let mut transports = Transports::new(vec![Box::new(first), Box::new(second)]);
        let mut clients = [first_network, second_network].map(|network| network.connect(Vec::new(), CLIENT));
        let mut events = Vec::new();
        for index in transports.indexes() {
            transports.poll(index, &mut events);
            let connected = TransportEvent::Connected { client: CLIENT, ticket: Vec::new() };
            assert_eq!(std::mem::take(&mut events), [connected]);
        }
        for byte in [1, 11] {
            (0..2).for_each(|transport| transports.send(message(transport, byte + transport as u8)));
        }
        let mut frames = FrameBatch::default();
        (0..2).for_each(|transport| frames.write(session(transport), |out| out.push(50 + transport as u8)));
        assert!(transports.send_frames(frames).is_empty());
        transports.flush();
        assert_eq!(transports.frames_out(), 2);
        transports.disconnect(session(1));
        for (transport, client) in clients.iter_mut().enumerate() {
            let received = client.recv();
            let of_mine = |byte: u8| MemoryReceived::Message(vec![byte + transport as u8]);
            assert_eq!(received[..2], [of_mine(1), of_mine(11)]);
            let MemoryReceived::Frame(payload) = &received[2] else { panic!("no snapshot: {received:?}") };
            assert_eq!(payload.last(), Some(&(50 + transport as u8)));
            assert_eq!(client.is_connected(), transport == 0, "only the second is ended");
        }
    }

    /// A transport whose network is down.
    struct Down;

    impl Transport for Down {
        fn poll(&mut self, _: &mut Vec<TransportEvent>) {}
        fn send_frames(&mut self, frames: FrameBatch) -> FrameBatch {
            frames
        }
        fn send_message(&mut self, _: ClientId, _: Vec<u8>) {}
        fn disconnect(&mut self, _: ClientId) {}
        fn flush(&mut self) {}
        fn frames_out(&self) -> u64 {
            0
        }
        fn is_running(&self) -> bool {
            false
        }
    }

    #[test]
    fn a_host_runs_while_all_its_transports_do() {
        let up = || -> Box<dyn Transport> { Box::new(memory_transport().0) };
        let runs = |transports: Vec<Box<dyn Transport>>| Transports::new(transports).is_running();
        assert!(runs(vec![up()]) && runs(vec![up(), up()]));
        assert!(!runs(vec![up(), Box::new(Down)]) && !runs(vec![Box::new(Down), up()]));
    }
}
