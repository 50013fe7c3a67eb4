//! What a server says to a session, as bytes.

use realmgate_client::session::Session;
use realmgate_client::world::EntityView;
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

/// The client's own entity.
pub(crate) const OWN: EntityId = EntityId(5);
/// Radius of its body.
pub(crate) const BODY_RADIUS: i32 = 320;
const MAX_SNAPSHOT_BYTES: usize = 1_192;

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The messages with which play begins.
pub(crate) fn greeting(
    tick: Tick,
    tick_hz: u16,
    slots: Vec<u16>,
    abilities: Vec<AbilityInfo>,
    global_cooldown_ms: u32,
) -> Vec<ServerMessage> {
    let welcome = ServerMessage::Welcome {
        protocol_hash: protocol_hash(),
        entity: OWN,
        character: CharacterId([2; 16]),
        map: MapId(1),
        channel: ChannelId(1),
        tick,
        tick_hz,
        body_radius: BODY_RADIUS,
        slots,
    };
    let rules = Rules { global_cooldown_ms, ..Rules::default() };
    let content = ServerMessage::Content { classes: Vec::new(), abilities, mobs: Vec::new(), items: Vec::new(), rules };
    let inventory = ServerMessage::Inventory { items: Vec::new(), gold: 3, experience: 0, level: 1, bag_slots: 20 };
    vec![welcome, content, inventory]
}

/// Tells a session a message, and returns the bytes that it came in.
pub(crate) fn tell(session: &mut Session, message: &ServerMessage) -> Vec<String> {
    let bytes = encode_split(message).unwrap();
    let parts = split(&bytes).map(|(index, count, bytes)| ServerMessage::Part { index, count, bytes: bytes.to_vec() });
    let messages = parts.map(|part| encode_reliable(&part).unwrap());
    let told = messages.map(|message| {
        session.receive_message(&message);
        hex(&message)
    });
    let told = told.collect();
    assert_eq!(session.counters().decode_errors, 0);
    told
}

/// A server's frame, with all that there is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    pub(crate) head: ServerFrameHead,
    pub(crate) at: Position,
    /// The own entity's components, if it is shown anew.
    pub(crate) own: Option<EntityView>,
    pub(crate) despawned: Vec<u32>,
    /// Other entities, ascending, with ids above the own one's.
    pub(crate) others: Vec<(u32, Course)>,
}

impl Shown {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = BitWriter::default();
        self.head.write(&mut out);
        let mut snapshot = SnapshotWriter::own(&mut out, OwnState { position: self.at, facing: Angle(0) });
        snapshot.despawns(self.despawned.iter().map(|id| EntityId(*id)));
        if let Some(own) = &self.own {
            let there = components(own);
            let told = EntityUpdate { is_new: true, has_course: false, changed: there, there };
            let mut update = BitWriter::default();
            write_update(&mut update, told, &Course::default(), |id, out| component(own, id, out));
            assert!(snapshot.entity(OWN, update.bytes(), update.len_bits(), MAX_SNAPSHOT_BYTES));
        }
        for (id, course) in &self.others {
            let told = EntityUpdate { is_new: false, has_course: true, changed: 0, there: 0 };
            let mut update = BitWriter::default();
            write_update(&mut update, told, course, |_, _| {});
            assert!(snapshot.entity(EntityId(*id), update.bytes(), update.len_bits(), MAX_SNAPSHOT_BYTES));
        }
        snapshot.finish();
        out.into_bytes()
    }
}

fn components(own: &EntityView) -> u16 {
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

fn component(own: &EntityView, id: u8, out: &mut BitWriter) {
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
