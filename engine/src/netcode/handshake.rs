//! The handshake: from a connection request to a session.
//!
//! A request shows a connect token and is answered by a challenge: a number that only the server knows, sealed. A
//! client that sends it back, sealed with the keys of that very token, receives what is sent to its address, and is
//! connected. A request alone changes no session, since its address may be forged.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::netcode::MAC_BYTES;
use realmgate_protocol::netcode::aead::Key;

use super::packet::{CHALLENGE_BODY_BYTES, Packet};
use super::server::{Connected, Received, Server};
use super::session::Session;
use super::token::{Request, names_any};
use crate::transport::refusal::PacketRefusal;

impl Server {
    /// Handles a request: a client shows its token.
    pub(super) fn request<'a>(
        &mut self,
        packet: Packet<'a>,
        from: SocketAddr,
        now: Duration,
        send: &mut impl FnMut(&[u8], SocketAddr),
    ) -> Result<Received<'a>, PacketRefusal> {
        let unix_s = (self.unix_start + now).as_secs();
        let request = Request::read(packet.body, &self.protocol, unix_s).map_err(|_| PacketRefusal::Netcode)?;
        let id = request.id;
        // Both checks need the token's id alone: a repeated token costs no decryption.
        if self.spent.contains(&id) {
            return Err(PacketRefusal::TokenUsed);
        }
        self.pending.forget_late(now);
        match self.pending.find(&id) {
            Some((pending, first)) if first == from => {
                send(self.challenger.challenge(pending), from);
                return Ok(Received::Answered);
            }
            // Until it is forgotten, it belongs to the address that showed it first.
            Some(_) => return Err(PacketRefusal::TokenUsed),
            None => {}
        }

        let token = request.open(&self.protocol, &self.key).ok_or(PacketRefusal::Netcode)?;
        if !names_any(&token, &self.addresses) {
            return Err(PacketRefusal::Netcode);
        }
        if self.by_client.contains_key(&token.client_id) {
            return Err(PacketRefusal::DuplicateSession);
        }
        if !self.has_room(from) {
            send(self.challenger.denial(&Key::new(&token.server_to_client_key)), from);
            return Err(PacketRefusal::ServerFull);
        }
        let pending = self.pending.add(from, id, token, now);
        send(self.challenger.challenge(pending), from);
        Ok(Received::Answered)
    }

    /// Handles a response: a client answers its challenge.
    pub(super) fn response<'a>(
        &mut self,
        packet: &Packet<'_>,
        from: SocketAddr,
        now: Duration,
        send: &mut impl FnMut(&[u8], SocketAddr),
    ) -> Result<Received<'a>, PacketRefusal> {
        self.pending.forget_late(now);
        if !self.pending.is_any_at(from) {
            return Err(PacketRefusal::UnknownAddress);
        }
        let serial = self.answered(packet, from).ok_or(PacketRefusal::Netcode)?;
        let pending = self.pending.take(serial).ok_or(PacketRefusal::Netcode)?;
        if self.by_client.contains_key(&pending.client_id) {
            return Err(PacketRefusal::DuplicateSession);
        }
        if !self.has_room(from) {
            send(self.challenger.denial(&pending.send_key), from);
            return Err(PacketRefusal::ServerFull);
        }
        self.spent.add(pending.token, (self.unix_start + now).as_secs());
        let (client_id, user_data) = (pending.client_id, pending.user_data.clone());
        let (slot, replaces) = self.insert(Session::new(pending, from, now));
        self.send_keep_alive(slot, now, send);
        Ok(Received::Connected(Connected { slot, client_id, user_data, replaces }))
    }

    /// The serial number of the pending client, if this is the answer to the challenge that was made for it.
    fn answered(&self, packet: &Packet<'_>, from: SocketAddr) -> Option<u64> {
        let mut copy = [0; CHALLENGE_BODY_BYTES + MAC_BYTES];
        let (serial, body) = self.pending.open(from, packet, &self.protocol, &mut copy)?;
        self.challenger.is_for(body, serial).then_some(serial)
    }

    /// Whether there is room for another session. One at the same address would be replaced, and so makes room.
    fn has_room(&self, from: SocketAddr) -> bool {
        self.connected() < self.max_clients || self.by_address.contains_key(&from)
    }
}
