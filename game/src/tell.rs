//! How systems tell players something: the one place where the game's messages become bytes.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_engine::outbox::Outbox;
use realmgate_engine::player::{LinkDead, Player};
use realmgate_engine::transport::SessionId;
use realmgate_protocol::codec::{encode_reliable, encode_split};
use realmgate_protocol::limits::MAX_RELIABLE_BYTES;
use realmgate_protocol::link::FromMap;
use realmgate_protocol::realm::{Refusal, ServerMessage};
use realmgate_protocol::wire::parts;

/// Tells players things. Whose connection is lost, and whoever is no player, is passed over.
#[derive(SystemParam)]
pub struct Tell<'w, 's> {
    outbox: ResMut<'w, Outbox>,
    listeners: Query<'w, 's, &'static Player, Without<LinkDead>>,
}

impl Tell<'_, '_> {
    /// Tells one player.
    pub fn send(&mut self, player: Entity, message: &ServerMessage) {
        self.send_all([player], message);
    }

    /// Tells several players the same, encoded once.
    pub fn send_all(&mut self, players: impl IntoIterator<Item = Entity>, message: &ServerMessage) {
        let pieces = pieces(message);
        for player in players {
            if let Ok(listener) = self.listeners.get(player) {
                send_pieces(&mut self.outbox, listener.session, &pieces);
            }
        }
    }

    /// Refuses what a player asked for. `request` is the name of its message.
    pub fn refuse(&mut self, player: Entity, request: &str, reason: Refusal) {
        self.send(player, &ServerMessage::Refused { request: request.to_owned(), reason });
    }

    /// Says something to the sidecar, in place of a player.
    pub fn sidecar(&mut self, message: FromMap) {
        self.outbox.link.push(message);
    }

    /// Counts a breach of the protocol against the player's connection.
    pub fn violation(&mut self, player: Entity) {
        if let Ok(listener) = self.listeners.get(player) {
            self.outbox.violations.push(listener.session);
        }
    }
}

fn send_pieces(outbox: &mut Outbox, session: SessionId, pieces: &[Vec<u8>]) {
    for piece in pieces {
        outbox.send(session, piece.clone());
    }
}

/// The message as what fits the reliable channel: itself, or its parts. Nothing where it is longer than all parts
/// together may be, which only data far beyond any limit could cause.
fn pieces(message: &ServerMessage) -> Vec<Vec<u8>> {
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
