//! What a server says to a session, for tests.

use std::sync::Arc;

use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::codec::{encode_reliable, encode_split};
use realmgate_protocol::ids::{ChannelId, CharacterId, EntityId, MapId, Tick};
use realmgate_protocol::movement::{Angle, Course, Position};
use realmgate_protocol::realm::{
    AbilityInfo, Appearance, Casting, Cooldowns, Health, MoveSpeed, Resource, Rules, ServerMessage, Status,
    protocol_hash,
};
use realmgate_protocol::wire::WireComponent;
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::parts::split;
use realmgate_protocol::wire::snapshot::{EntityUpdate, OwnState, SnapshotWriter, write_update};

use super::Session;
use crate::world::EntityView;

/// The client's own entity.
pub(crate) const OWN: EntityId = EntityId(5);

pub(crate) fn welcome(tick_hz: u16, slots: Vec<u16>) -> ServerMessage {
    ServerMessage::Welcome {
        protocol_hash: protocol_hash(),
        entity: OWN,
        character: CharacterId([2; 16]),
        map: MapId(1),
        channel: ChannelId(1),
        tick: Tick(0),
        tick_hz,
        body_radius: 320,
        slots,
    }
}

pub(crate) fn inventory() -> ServerMessage {
    ServerMessage::Inventory { items: Vec::new(), gold: 3, experience: 0, level: 1, bag_slots: 20 }
}

pub(crate) fn content(abilities: Vec<AbilityInfo>, rules: Rules) -> ServerMessage {
    ServerMessage::Content { classes: Vec::new(), abilities, mobs: Vec::new(), items: Vec::new(), rules }
}

/// A session in which play has begun.
pub(crate) fn entered_with(tick_hz: u16, abilities: Vec<AbilityInfo>, rules: Rules) -> Session {
    let mut session = Session::new(Arc::default(), None);
    let slots = (0..abilities.len() as u16).collect();
    for message in [welcome(tick_hz, slots), content(abilities, rules), inventory()] {
        assert!(tell_in_parts(&mut session, &message).is_some());
    }
    assert!(session.is_entered());
    session
}

pub(crate) fn tell(session: &mut Session, message: &ServerMessage) -> Option<ServerMessage> {
    session.receive_message(&encode_reliable(message).unwrap())
}

pub(crate) fn tell_in_parts(session: &mut Session, message: &ServerMessage) -> Option<ServerMessage> {
    let bytes = encode_split(message).unwrap();
    let parts = split(&bytes).map(|(index, count, bytes)| ServerMessage::Part { index, count, bytes: bytes.to_vec() });
    parts.filter_map(|part| tell(session, &part)).last()
}

/// A server's frame, with all that there is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    pub(crate) head: ServerFrameHead,
    pub(crate) at: Position,
    /// The own entity's components; every one that is there is sent.
    pub(crate) own: EntityView,
    /// Other entities, ascending, with ids above the own one's.
    pub(crate) others: Vec<(u32, Course)>,
    /// Those that have left the view.
    pub(crate) gone: Option<EntityId>,
}

impl Shown {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = BitWriter::default();
        self.head.write(&mut out);
        let mut snapshot = SnapshotWriter::own(&mut out, OwnState { position: self.at, facing: Angle(0) });
        snapshot.despawns(self.gone.into_iter());
        let there = self.components();
        let told = EntityUpdate { is_new: true, has_course: false, changed: there, there };
        let mut update = BitWriter::default();
        write_update(&mut update, told, &Course::default(), |id, out| self.component(id, out));
        assert!(snapshot.entity(OWN, update.bytes(), update.len_bits(), 1_192));
        for (id, course) in &self.others {
            let told = EntityUpdate { is_new: false, has_course: true, changed: 0, there: 0 };
            let mut update = BitWriter::default();
            write_update(&mut update, told, course, |_, _| {});
            assert!(snapshot.entity(EntityId(*id), update.bytes(), update.len_bits(), 1_192));
        }
        snapshot.finish();
        out.into_bytes()
    }

    fn components(&self) -> u16 {
        let own = &self.own;
        let there = [
            (Health::ID, own.health.is_some()),
            (Status::ID, own.status.is_some()),
            (Casting::ID, own.casting.is_some()),
            (Resource::ID, own.resource.is_some()),
            (Cooldowns::ID, own.cooldowns.is_some()),
            (MoveSpeed::ID, own.move_speed.is_some()),
            (Appearance::ID, own.appearance.is_some()),
        ];
        there.iter().fold(0, |mask, (id, is_there)| mask | u16::from(*is_there) << id)
    }

    fn component(&self, id: u8, out: &mut BitWriter) {
        let own = &self.own;
        match id {
            Health::ID => own.health.iter().for_each(|value| value.write(out)),
            Status::ID => own.status.iter().for_each(|value| value.write(out)),
            Casting::ID => own.casting.iter().for_each(|value| value.write(out)),
            Resource::ID => own.resource.iter().for_each(|value| value.write(out)),
            Cooldowns::ID => own.cooldowns.iter().for_each(|value| value.write(out)),
            MoveSpeed::ID => own.move_speed.iter().for_each(|value| value.write(out)),
            Appearance::ID => own.appearance.iter().for_each(|value| value.write(out)),
            _ => {}
        }
    }
}
