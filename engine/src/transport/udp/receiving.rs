//! Receiving from clients, on the network thread.

use std::net::SocketAddr;

use realmgate_protocol::limits::MAX_TICKET_BYTES;

use realmgate_protocol::wire::stream::Bounds;

use super::batch::ReceiveBatch;
use super::pump::Pump;
use crate::netcode::{Connected, Packet, Received};
use crate::transport::connection::Connection;
use crate::transport::framing::Framing;
use crate::transport::refusal::PacketRefusal;
use crate::transport::{ClientId, TransportEvent};

impl Pump {
    /// Receives what has come, at most one slice.
    pub(super) fn receive_slice(&mut self, received: &mut ReceiveBatch) {
        // Once for each slice, so that a tick that never ends does not stop it.
        let mut has_waited = self.yield_to_tick();
        self.wire.receive(received);
        for (datagram, from) in received.iter_mut() {
            has_waited = has_waited || self.yield_to_tick();
            self.datagram(datagram, from);
        }
    }

    fn datagram(&mut self, datagram: &mut [u8], from: SocketAddr) {
        if let Err(reason) = self.take(datagram, from) {
            self.refuse(reason);
        }
    }

    fn take(&mut self, datagram: &mut [u8], from: SocketAddr) -> Result<(), PacketRefusal> {
        let packet = Packet::read(datagram)?;
        if packet.is_handshake() {
            self.handshakes.spend(from.ip(), self.now)?;
            if self.host_is_behind {
                return Err(PacketRefusal::HostBehind);
            }
        }
        let wire = &self.wire;
        match self.netcode.receive(packet, from, self.now, &mut |answer, to| wire.send(answer, to))? {
            Received::Answered | Received::Heard { .. } => Ok(()),
            Received::Payload { slot, payload } => self.payload(slot, payload),
            Received::Connected(connected) => {
                self.connected(connected);
                Ok(())
            }
            Received::Disconnected { slot } => {
                self.end(slot);
                Ok(())
            }
        }
    }

    fn connected(&mut self, connected: Connected) {
        if let Some(replaced) = connected.replaces {
            self.end(replaced);
        }
        let client = ClientId(connected.client_id);
        if connected.slot >= self.connections.len() {
            self.connections.resize_with(connected.slot + 1, || None);
        }
        let framing = Framing::undecided(Bounds::default());
        let connection = Connection::new(client, self.datagrams_per_client, framing, self.now);
        self.connections[connected.slot] = Some(Box::new(connection));
        self.count_renet(|count| count);
        // The user data begins with the ticket, and the rest is padding.
        let ticket = connected.user_data[..MAX_TICKET_BYTES].to_vec();
        self.events.push(TransportEvent::Connected { client, ticket });
    }

    fn payload(&mut self, slot: usize, payload: &[u8]) -> Result<(), PacketRefusal> {
        let (now, events) = (self.now, &mut self.events);
        let Some(entry) = self.connections.get_mut(slot).and_then(Option::as_deref_mut) else { return Ok(()) };
        let (client, is_closing, was_renet) = (entry.client, entry.is_closing(), entry.is_renet());
        let taken = entry.receive(payload, now, |frame| {
            if !is_closing {
                events.push(TransportEvent::Frame { client, frame });
            }
        });
        if entry.may_have_message() && !std::mem::replace(&mut entry.is_talking, true) {
            self.talking.push(slot);
        }
        if entry.is_renet() && !was_renet {
            self.count_renet(|count| count + 1);
        }
        taken.inspect_err(|reason| self.breach(slot, *reason))
    }

    /// Counts a breach of the rules by an authentic client, and ends the connection after too many.
    fn breach(&mut self, slot: usize, reason: PacketRefusal) {
        let now = self.now;
        let is_abuse = self.connection(slot).is_some_and(|connection| connection.breach(reason, now));
        if is_abuse {
            self.refuse(PacketRefusal::Abuse);
            self.disconnect(slot);
        }
    }
}
