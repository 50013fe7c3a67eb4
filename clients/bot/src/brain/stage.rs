//! Scenes for tests: a session that has received what a test wants its bot to see.

use std::sync::Arc;
use std::time::Duration;

use realmgate_client::session::Session;
use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::codec::encode_reliable;
use realmgate_protocol::ids::{ChannelId, CharacterId, EntityId, ItemId, MapId, Tick};
use realmgate_protocol::movement::{Angle, Course, Position};
use realmgate_protocol::realm::{
    AbilityInfo, AbilityShape, Appearance, ConsumableInfo, EntityKind, Health, ItemInfo, ItemView, Label, MoveSpeed,
    Resource, Rules, ServerMessage, Status, protocol_hash,
};
use realmgate_protocol::wire::WireComponent;
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::snapshot::{EntityUpdate, OwnState, SnapshotWriter, write_update};

use super::Senses;
use crate::points_of_interest::PointsOfInterest;
use crate::roster::Roster;

/// The bot's own entity.
pub const SELF: EntityId = EntityId(1);

/// An entity on the stage.
#[derive(Debug, Clone)]
pub struct Actor {
    pub id: EntityId,
    pub kind: EntityKind,
    pub at: Position,
    pub health: u16,
    pub name: &'static str,
}

/// A scene for a test.
pub struct Stage {
    pub session: Session,
    pub points_of_interest: PointsOfInterest,
    pub roster: Roster,
    pub now: Duration,
    tick: u32,
}

impl Stage {
    /// The bot alone at a place, as a player with full health and two abilities: a blow and a heal.
    pub fn new() -> Self {
        let mut session = Session::new(Arc::default(), None);
        let ability = |id: &str, shape, range, friendly| AbilityInfo {
            id: id.to_owned(),
            name: id.to_owned(),
            shape,
            range,
            cone_degrees: 0,
            radius: 0,
            burst_radius: 0,
            speed_per_s: 0,
            min_level: 1,
            cost: 5,
            cast_ms: 0,
            cast_while_moving: false,
            cooldown_ms: 0,
            off_global_cooldown: false,
            friendly,
        };
        let item = |id: &str, worn_slot, consumable: Option<ConsumableInfo>| ItemInfo {
            id: id.to_owned(),
            name: id.to_owned(),
            worn_slot,
            consumable,
            ..ItemInfo::default()
        };
        let heals = Some(ConsumableInfo { heal: 50, resource: 0, cooldown_ms: 1_000 });
        let rules = Rules { pick_up_range: 2_048, vendor_range: 3_072, trade_range: 5_120, ..Rules::default() };
        let messages = [
            ServerMessage::Welcome {
                protocol_hash: protocol_hash(),
                entity: SELF,
                character: CharacterId([1; 16]),
                map: MapId(1),
                channel: ChannelId(1),
                tick: Tick(0),
                tick_hz: 30,
                body_radius: 320,
                slots: vec![1, 0],
            },
            ServerMessage::Content {
                classes: Vec::new(),
                abilities: vec![
                    ability("heal", AbilityShape::Own, 0, true),
                    ability("blow", AbilityShape::Enemy, 2_048, false),
                ],
                mobs: Vec::new(),
                items: vec![item("hat", Some(101), None), item("potion", None, heals), item("pelt", None, None)],
                rules,
            },
        ];
        messages.iter().for_each(|message| drop(session.receive_message(&encode_reliable(message).unwrap())));
        let mut stage = Self {
            session,
            points_of_interest: PointsOfInterest::default(),
            roster: Roster::default(),
            now: Duration::from_secs(100),
            tick: 0,
        };
        stage.own(&[], 0);
        stage
    }

    /// Sets what the bot owns: items by kind and slot, and gold.
    pub fn own(&mut self, items: &[(&str, u16)], gold: u64) {
        let item = |(at, (kind, slot)): (usize, &(&str, u16))| ItemView {
            item: ItemId([at as u8 + 1; 16]),
            definition: (*kind).to_owned(),
            slot: *slot,
        };
        let items = items.iter().enumerate().map(item).collect();
        self.tell(&ServerMessage::Inventory { items, gold, experience: 0, level: 1, bag_slots: 20 });
    }

    /// Delivers a message from the server.
    pub fn tell(&mut self, message: &ServerMessage) {
        self.session.receive_message(&encode_reliable(message).unwrap()).unwrap();
    }

    /// Delivers a snapshot with the bot at a place with some health, and with others.
    pub fn show(&mut self, at: Position, health: u16, others: &[Actor]) {
        self.tick += 1;
        let me = Actor { id: SELF, kind: EntityKind::Player, at, health, name: "Me" };
        let mut out = BitWriter::default();
        ServerFrameHead { tick: Tick(self.tick), last_command: 0, buffered_commands: 2 }.write(&mut out);
        let mask = 1u16 << Appearance::ID | 1 << Label::ID | 1 << Health::ID;
        let mask = mask | 1 << Status::ID | 1 << Resource::ID | 1 << MoveSpeed::ID;
        let mut snapshot = SnapshotWriter::own(&mut out, OwnState { position: at, facing: Angle(0) });
        snapshot.despawns([].into_iter());
        let mut actors: Vec<&Actor> = others.iter().chain([&me]).collect();
        actors.sort_by_key(|actor| actor.id);
        for actor in actors {
            let told = EntityUpdate { is_new: true, has_course: actor.id != SELF, changed: mask, there: mask };
            let mut update = BitWriter::default();
            write_update(&mut update, told, &Course::standing(actor.at, Angle(0)), |id, out| {
                write_actor(actor, id, out)
            });
            assert!(snapshot.entity(actor.id, update.bytes(), update.len_bits(), 1_200));
        }
        snapshot.finish();
        assert!(self.session.receive_frame(&out.into_bytes()));
    }

    pub fn senses(&self) -> Senses<'_> {
        Senses {
            session: &self.session,
            now: self.now,
            points_of_interest: &self.points_of_interest,
            roster: &self.roster,
            name: "Me",
        }
    }
}

/// Appends one component of an actor.
fn write_actor(actor: &Actor, id: u8, out: &mut BitWriter) {
    match id {
        Appearance::ID => Appearance { kind: actor.kind, definition: 0, level: 1 }.write(out),
        Label::ID => Label { name: actor.name.to_owned() }.write(out),
        Health::ID => Health { current: actor.health, max: 100 }.write(out),
        Status::ID => Status { flags: 0 }.write(out),
        Resource::ID => Resource { current: 50, max: 50 }.write(out),
        _ => MoveSpeed { units_per_tick: 130 }.write(out),
    }
}
