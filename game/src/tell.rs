//! Sends messages to players: the one place where the game's messages are encoded.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_engine::outbox::Outbox;
use realmgate_engine::replication::Audience;
use realmgate_engine::transport::SessionId;
use realmgate_protocol::codec::{encode_reliable, encode_split};
use realmgate_protocol::limits::MAX_RELIABLE_BYTES;
use realmgate_protocol::link::FromMap;
use realmgate_protocol::realm::{Refusal, ServerMessage};
use realmgate_protocol::wire::parts;

use crate::requests::Asked;

/// Who has caused a message, as seen by the player who is sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CausedBy {
    /// The player itself, or the server.
    Itself,
    /// Another player. The message is dropped if the client does not keep up.
    Another,
}

/// Sends messages to players. Entities that are not players, and players without a connection, are skipped.
#[derive(SystemParam)]
pub struct Tell<'w, 's> {
    outbox: ResMut<'w, Outbox>,
    audience: Audience<'w, 's>,
}

impl Tell<'_, '_> {
    /// Sends a message to one player.
    pub fn send(&mut self, player: Entity, message: &ServerMessage) {
        self.send_all([player], message);
    }

    /// Sends the same message to several players. It is encoded once.
    pub fn send_all(&mut self, players: impl IntoIterator<Item = Entity>, message: &ServerMessage) {
        self.send_each(players.into_iter().map(|player| (player, CausedBy::Itself)), message);
    }

    /// Sends one player a message caused by another player.
    pub fn send_of_others(&mut self, player: Entity, message: &ServerMessage) {
        self.send_each([(player, CausedBy::Another)], message);
    }

    /// Sends the same message to several players, each with who has caused it. It is encoded once.
    pub fn send_each(&mut self, players: impl IntoIterator<Item = (Entity, CausedBy)>, message: &ServerMessage) {
        let pieces = pieces(message);
        for (player, caused_by) in players {
            if let Some(listener) = self.audience.player(player) {
                send_pieces(&mut self.outbox, listener.session, &pieces, caused_by);
            }
        }
    }

    /// Sends a message over a connection, whichever player has it.
    pub fn send_to(&mut self, session: SessionId, message: &ServerMessage) {
        send_pieces(&mut self.outbox, session, &pieces(message), CausedBy::Itself);
    }

    /// Refuses what a player asked for.
    pub fn refuse(&mut self, player: Entity, asked: impl Into<Asked>, reason: Refusal) {
        let Asked { name, by } = asked.into();
        self.send(player, &ServerMessage::Refused { request: name.to_owned(), answers: by, reason });
    }

    /// Sends a message to the sidecar instead of a player.
    pub fn sidecar(&mut self, message: FromMap) {
        self.outbox.link.push(message);
    }

    /// Counts a protocol violation against the connection of a player.
    pub fn violation(&mut self, player: Entity) {
        if let Some(listener) = self.audience.player(player) {
            self.outbox.violations.push(listener.session);
        }
    }
}

fn send_pieces(outbox: &mut Outbox, session: SessionId, pieces: &[Vec<u8>], caused_by: CausedBy) {
    match pieces {
        [whole] if caused_by == CausedBy::Another => outbox.send_of_others(session, whole.clone()),
        // A dropped part would make all the others useless.
        _ => pieces.iter().for_each(|piece| outbox.send(session, piece.clone())),
    }
}

/// Encodes a message for the reliable channel, whole or split into parts. Returns nothing if it is longer than all
/// parts together may be, which only data far beyond any limit could cause.
pub(crate) fn pieces(message: &ServerMessage) -> Vec<Vec<u8>> {
    let Ok(whole) = encode_split(message) else {
        metrics::counter!("realmgate_oversized_messages_total").increment(1);
        return Vec::new();
    };
    if whole.len() <= MAX_RELIABLE_BYTES {
        return vec![whole];
    }
    let part = |(index, count, bytes): (u16, u16, &[u8])| {
        encode_reliable(&ServerMessage::Part { index, count, bytes: bytes.to_vec() }).ok()
    };
    parts::split(&whole).filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use realmgate_protocol::codec::{decode_reliable, decode_split};
    use realmgate_protocol::wire::parts::Reassembly;

    #[test]
    fn a_long_message_travels_in_parts_that_come_together() {
        let message = ServerMessage::Chat {
            scope: realmgate_protocol::realm::ChatScope::Channel,
            from: "Ada".to_owned(),
            text: "x".repeat(5_000),
        };
        let mut reassembly = Reassembly::default();
        let mut whole = None;
        for piece in pieces(&message) {
            assert!(piece.len() <= MAX_RELIABLE_BYTES, "each piece fits one reliable message");
            let Ok(ServerMessage::Part { index, count, bytes }) = decode_reliable(&piece) else {
                panic!("a long message is sent in parts only")
            };
            whole = reassembly.take(index, count, &bytes).expect("parts are in order");
        }
        let whole = whole.expect("the last part completes the message");
        assert_eq!(decode_split::<ServerMessage>(&whole).expect("it decodes"), message);
    }
}
