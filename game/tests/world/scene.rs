//! A channel with a small map drawn in text, mobs on single tiles, and players who act and listen.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::channel::{Channel, ChannelKey, ChannelSettings, ToChannel};
use realmgate_engine::clock::TickClock;
use realmgate_engine::map::{MapSet, Rect};
use realmgate_engine::outbox::OutMessage;
use realmgate_engine::player::Players;
use realmgate_engine::replication::{NetEntity, Replicated};
use realmgate_engine::transport::SessionId;
use realmgate_game::data::GameData;
use realmgate_game::maps::sketch;
use realmgate_game::spawn::MobArea;
use realmgate_game::stats::MobKind;
use realmgate_protocol::codec::{decode_reliable, encode_reliable};
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, EntityId, LockEpoch, MapId, Tick};
use realmgate_protocol::link::{CharacterLoad, EventOutcome, EventRefusal, FromMap, OwnedEvent, SoftState};
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{Answers, ClientMessage, Health, Refusal, Resource, ServerMessage, protocol_hash};
use realmgate_protocol::wire::datagram::SnapshotAck;
use realmgate_protocol::wire::{Action, Aim, InputCommand, Seen};

pub const EAST: Angle = Angle(0);
pub const WEST: Angle = Angle(128);
pub const TICK_HZ: u32 = 30;

pub static DATA: LazyLock<Arc<GameData>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/world/data");
    Arc::new(GameData::load(&folder).unwrap_or_else(|faults| panic!("the scenes' data is wrong:\n{faults}")))
});

/// The test fixture of this crate.
pub struct Scene {
    pub channel: Channel,
    pub link: Vec<FromMap>,
    /// Events that the store has not answered.
    pub waiting: Vec<OwnedEvent>,
    heard: BTreeMap<SessionId, Vec<ServerMessage>>,
    numbers: BTreeMap<u8, u32>,
    /// The names of the messages that each player has sent.
    sent: BTreeMap<u8, Vec<&'static str>>,
}

/// The centre of a tile.
pub fn tile(x: i32, y: i32) -> Position {
    Position::tile_centre(x, y)
}

pub fn settings(rows: &[&str], mobs: &[(&str, (i32, i32))]) -> ChannelSettings {
    let mut map = sketch(MapId(1), rows).expect("a small map");
    map.set(mobs.iter().enumerate().map(|(place, (mob, at))| area(place, mob, *at)).collect());
    let key = ChannelKey { map: MapId(1), channel: ChannelId(1) };
    ChannelSettings { key, map: Arc::new(map), tick_hz: TICK_HZ, seed: [3; 32], threads: Default::default() }
}

fn area(place: usize, mob: &str, at: (i32, i32)) -> MobArea {
    MobArea {
        name: format!("area{place}"),
        rect: Rect::of_tiles(at, (1, 1)),
        mob: mob.to_owned(),
        count: 1,
        respawn_ms: 2_000,
        level: None,
    }
}

impl Scene {
    /// Creates a world from these rows, with mobs of these kinds on these tiles.
    pub fn new(rows: &[&str], mobs: &[(&str, (i32, i32))]) -> Self {
        Self::of(settings(rows, mobs))
    }

    pub fn of(settings: ChannelSettings) -> Self {
        let build = realmgate_game::build_world(DATA.clone(), Arc::new(MapSet::default()));
        let mut scene = Self {
            channel: Channel::new(settings, &build),
            link: Vec::new(),
            waiting: Vec::new(),
            heard: BTreeMap::new(),
            numbers: BTreeMap::new(),
            sent: BTreeMap::new(),
        };
        scene.ticks(2);
        scene
    }

    /// Lets a character of a class enter at a place and send `Hello`.
    pub fn enter(&mut self, player: u8, class: &str, at: Position) {
        let soft = SoftState {
            map: MapId(1),
            x: at.x,
            y: at.y,
            health: 60_000,
            resource: 100,
            cooldowns: Vec::new(),
            ..SoftState::default()
        };
        self.join(player, CharacterLoad { soft: Some(soft), ..new_character(player, class) });
    }

    pub fn join(&mut self, player: u8, load: CharacterLoad) {
        self.channel.push(ToChannel::Join { session: session(player), epoch: LockEpoch(1), load });
        self.say(player, ClientMessage::Hello { protocol_hash: protocol_hash() });
        self.ticks(2);
        self.hear(player);
    }

    pub fn say(&mut self, player: u8, message: ClientMessage) {
        let bytes = encode_reliable(&message).expect("the message is short");
        self.sent.entry(player).or_default().push(message.name());
        self.channel.push(ToChannel::Message { session: session(player), bytes });
    }

    /// The refusal of the last message that a player has sent.
    #[track_caller]
    pub fn refusal(&self, player: u8, reason: Refusal) -> ServerMessage {
        let sent = &self.sent[&player];
        let request = sent.last().expect("it has sent one").to_string();
        ServerMessage::Refused { request, answers: Answers::Message { id: sent.len() as u32 - 1 }, reason }
    }

    /// The messages a player has received since the last call.
    pub fn hear(&mut self, player: u8) -> Vec<ServerMessage> {
        self.heard.remove(&session(player)).unwrap_or_default()
    }

    /// The refusals of abilities among them.
    pub fn refusals(&mut self, player: u8) -> Vec<Refusal> {
        let heard = self.hear(player).into_iter().filter_map(|message| match message {
            ServerMessage::Refused { reason, .. } => Some(reason),
            _ => None,
        });
        heard.collect()
    }

    /// Runs one tick in which a player sends this command.
    pub fn command(&mut self, player: u8, heading: Option<Angle>, action: Option<(u8, Aim)>) {
        let number = self.numbers.entry(player).or_default();
        *number += 1;
        let action = action.map(|(slot, aim)| Action::new(slot, aim));
        let commands = [InputCommand { number: *number, heading, action }].into_iter().collect();
        let ack = SnapshotAck { newest: Tick(0), before: 0 };
        self.channel.push(ToChannel::Frame { session: session(player), ack, commands });
        self.tick();
    }

    /// Runs one tick in which a player, who has acknowledged the snapshots up to one, uses an ability by what it saw.
    pub fn act_seeing(&mut self, player: u8, slot: u8, aim: Aim, seen: Seen, acknowledged: Tick) {
        let number = self.numbers.entry(player).or_default();
        *number += 1;
        let action = Some(Action { seen: Some(seen), ..Action::new(slot, aim) });
        let commands = [InputCommand { number: *number, heading: None, action }].into_iter().collect();
        let ack = SnapshotAck { newest: acknowledged, before: 0 };
        self.channel.push(ToChannel::Frame { session: session(player), ack, commands });
        self.tick();
    }

    /// Lets a player use an ability without walking.
    pub fn act(&mut self, player: u8, slot: u8, aim: Aim) {
        self.command(player, None, Some((slot, aim)));
    }

    /// Lets a player walk for a number of ticks.
    pub fn walk(&mut self, player: u8, heading: Angle, ticks: u32) {
        (0..ticks).for_each(|_| self.command(player, Some(heading), None));
    }

    pub fn tick(&mut self) {
        self.channel.tick().expect("the channel lives");
        let outbox = self.channel.take_outbox();
        for OutMessage { session, bytes, .. } in outbox.messages {
            let message = decode_reliable(&bytes).expect("a message of ours");
            self.heard.entry(session).or_default().push(message);
        }
        self.link.extend(outbox.link);
        self.waiting.extend(self.channel.take_events());
    }

    pub fn ticks(&mut self, count: u32) {
        (0..count).for_each(|_| self.tick());
    }

    /// Ticks until a condition holds. Panics with `what` after this many seconds of world time.
    #[track_caller]
    pub fn until(&mut self, what: &str, seconds: u32, mut so: impl FnMut(&mut Self) -> bool) {
        for _ in 0..seconds * TICK_HZ {
            if so(self) {
                return;
            }
            self.tick();
        }
        panic!("not in {seconds} s: {what}");
    }

    /// Answers all waiting events.
    pub fn commit(&mut self, refusal: Option<EventRefusal>) {
        let outcomes = self.waiting.drain(..).map(|event| EventOutcome { key: event.key, refusal }).collect();
        self.channel.push(ToChannel::Committed { outcomes });
        self.tick();
    }

    pub fn now(&self) -> Tick {
        self.channel.world().resource::<TickClock>().now()
    }

    pub fn player(&self, player: u8) -> Entity {
        let players = self.channel.world().resource::<Players>();
        players.of_character(CharacterId([player; 16])).expect("the player is here")
    }

    /// All mobs of a kind in the world, the oldest first.
    pub fn mobs(&mut self, kind: &str) -> Vec<Entity> {
        let kind = DATA.mobs.find(kind).expect("the mob is in the data");
        let world = self.channel.world_mut();
        let mut query = world.query::<(Entity, &NetEntity, &MobKind)>();
        let mut found: Vec<_> = query.iter(world).filter(|(.., mob)| mob.mob == kind).collect();
        found.sort_by_key(|(_, id, _)| **id);
        found.into_iter().map(|(entity, ..)| entity).collect()
    }

    #[track_caller]
    pub fn mob(&mut self, kind: &str) -> Entity {
        self.mobs(kind).first().copied().expect("the mob is in the world")
    }

    #[track_caller]
    pub fn get<C: Component + Clone>(&self, entity: Entity) -> C {
        self.channel.world().get::<C>(entity).expect("it has that component").clone()
    }

    pub fn has<C: Component>(&self, entity: Entity) -> bool {
        self.channel.world().get::<C>(entity).is_some()
    }

    pub fn put(&mut self, entity: Entity, bundle: impl Bundle) {
        self.channel.world_mut().entity_mut(entity).insert(bundle);
    }

    pub fn id(&self, entity: Entity) -> EntityId {
        self.get::<NetEntity>(entity).0
    }

    pub fn at(&self, entity: Entity) -> Position {
        self.get::<At>(entity).0
    }

    pub fn health(&self, entity: Entity) -> u16 {
        self.get::<Replicated<Health>>(entity).current
    }

    pub fn resource(&self, player: u8) -> u16 {
        self.get::<Replicated<Resource>>(self.player(player)).current
    }

    pub fn set_health(&mut self, entity: Entity, current: u16) {
        let max = self.get::<Replicated<Health>>(entity).max;
        self.put(entity, Replicated(Health { current, max }));
    }
}

pub fn session(player: u8) -> SessionId {
    u64::from(player).into()
}

/// A new character that was never in a world.
pub fn new_character(player: u8, class: &str) -> CharacterLoad {
    CharacterLoad::fresh(CharacterId([player; 16]), AccountId([player; 16]), &format!("Player{player}"), class)
}
