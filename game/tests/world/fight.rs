//! A recorded fight on the shipped data and maps: players hunt mobs, loot, die and respawn, without any network. The
//! golden recording is made from it, and so is the replay benchmark.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use realmgate_engine::body::At;
use realmgate_engine::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings, ToChannel};
use realmgate_engine::map::{Map, MapSet};
use realmgate_engine::outbox::FrameBatch;
use realmgate_engine::player::Players;
use realmgate_engine::record::{Recorder, RecordingHeader, Source, StateHash};
use realmgate_engine::replication::{NetEntity, Replicated};
use realmgate_engine::tick_threads::TickThreads;
use realmgate_engine::transport::SessionId;
use realmgate_game::data::GameData;
use realmgate_game::maps::map_objects;
use realmgate_game::spawn::MobArea;
use realmgate_protocol::codec::encode_reliable;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, EntityId, LockEpoch, MapId, Tick};
use realmgate_protocol::link::{CharacterLoad, EventOutcome, SoftState};
use realmgate_protocol::movement::{Angle, Position, UNITS_PER_TILE};
use realmgate_protocol::realm::{Appearance, ClientMessage, EntityKind, Health, protocol_hash};
use realmgate_protocol::wire::datagram::SnapshotAck;
use realmgate_protocol::wire::{self, Action, Aim, InputCommand};

const MAP: MapId = MapId(1);
/// Distance to a mob within which a player stands and fights.
const STAND_UNITS: i64 = UNITS_PER_TILE as i64 * 5 / 4;
/// Ticks between two frames: each brings the commands of two ticks.
const FRAME_EVERY: u32 = 2;

/// The shipped game.
pub struct Shipped {
    pub build: BuildWorld,
    pub map: Arc<Map>,
    pub sources: Vec<Source>,
    classes: Vec<String>,
}

impl Shipped {
    pub fn load() -> Self {
        let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let (assets, maps) = (root.join("assets"), root.join("maps"));
        let mut sources = Source::all_below(&assets, &["toml"]).expect("readable");
        sources.extend(Source::all_below(&maps, &["tmx", "tsx"]).expect("readable"));
        let data = GameData::load(&assets).unwrap_or_else(|faults| panic!("{faults}"));
        let maps = MapSet::load(&maps, &map_objects()).unwrap_or_else(|faults| panic!("{faults}"));
        let map = maps.get(MAP).expect("map 1 is shipped").clone();
        let classes = data.classes.iter().map(|(_, id, _)| id.to_owned()).collect();
        Self { build: realmgate_game::build_world(Arc::new(data), Arc::new(maps)), map, sources, classes }
    }
}

/// A mob or loot that a player can see.
#[derive(Clone, Copy)]
struct Seen {
    id: EntityId,
    at: Position,
    kind: EntityKind,
}

/// A running fight.
pub struct Fight<W: Write> {
    pub channel: Channel,
    recorder: Recorder<W>,
    players: Vec<Hunter>,
    inbox: Vec<ToChannel>,
    tick: u32,
}

/// A player and the commands it has sent.
struct Hunter {
    session: SessionId,
    character: CharacterId,
    commands: Vec<InputCommand>,
    number: u32,
    ack: SnapshotAck,
    is_dead: bool,
}

impl<W: Write> Fight<W> {
    /// Lets a number of players enter, in a circle around each place where mobs live, one after another.
    pub fn start(shipped: &Shipped, players: u16, tick_hz: u32, threads: TickThreads, out: W) -> Self {
        let key = ChannelKey { map: MAP, channel: ChannelId(1) };
        let settings = ChannelSettings { key, map: shipped.map.clone(), tick_hz, seed: [5; 32], threads };
        let header = RecordingHeader::of(&settings, protocol_hash(), shipped.sources.clone());
        let recorder = Recorder::start(out, &header).expect("writable");
        let mut fight = Self {
            channel: Channel::new(settings, &shipped.build),
            recorder,
            players: Vec::new(),
            inbox: Vec::new(),
            tick: 0,
        };
        (0..players).for_each(|number| fight.join(shipped, number));
        fight
    }

    fn join(&mut self, shipped: &Shipped, number: u16) {
        let areas = shipped.map.all::<MobArea>();
        let area = &areas[usize::from(number) % areas.len()];
        let (min, max) = (area.rect.min, area.rect.max);
        let at = Position { x: i32::midpoint(min.x, max.x), y: i32::midpoint(min.y, max.y) };
        let mut id = [9; 16];
        id[..2].copy_from_slice(&number.to_le_bytes());
        let session = SessionId::from(u64::from(number) + 1);
        let load = CharacterLoad {
            level: 1 + number % 5,
            soft: Some(SoftState {
                map: MAP,
                x: at.x,
                y: at.y,
                health: 60_000,
                resource: 100,
                cooldowns: Vec::new(),
                ..SoftState::default()
            }),
            ..CharacterLoad::fresh(
                CharacterId(id),
                AccountId(id),
                &format!("Hunter{number}"),
                &shipped.classes[usize::from(number) % shipped.classes.len()],
            )
        };
        self.inbox.push(ToChannel::Join { session, epoch: LockEpoch(1), load });
        self.say(session, ClientMessage::Hello { protocol_hash: protocol_hash() });
        let character = CharacterId(id);
        let ack = SnapshotAck::default();
        self.players.push(Hunter { session, character, commands: Vec::new(), number: 0, ack, is_dead: false });
    }

    fn say(&mut self, session: SessionId, message: ClientMessage) {
        let bytes = encode_reliable(&message).expect("the message is short");
        self.inbox.push(ToChannel::Message { session, bytes });
    }

    /// Plays a number of ticks. Returns the last state.
    pub fn ticks(&mut self, count: u32) -> StateHash {
        (0..count).map(|_| self.one_tick().0).last().expect("at least one tick")
    }

    /// Plays a tick. Returns its state, and the snapshots of all who are here.
    pub fn one_tick(&mut self) -> (StateHash, FrameBatch) {
        self.tick += 1;
        self.act();
        self.recorder.enters(&self.inbox).expect("writable");
        self.inbox.drain(..).for_each(|event| self.channel.push(event));
        self.channel.tick().expect("the channel lives");
        let hash = self.recorder.ticked(&mut self.channel).expect("writable");
        let frames = self.channel.take_outbox().frames;
        // The store commits everything, one tick later.
        let outcomes: Vec<EventOutcome> =
            self.channel.take_events().iter().map(|event| EventOutcome { key: event.key, refusal: None }).collect();
        if !outcomes.is_empty() {
            self.inbox.push(ToChannel::Committed { outcomes });
        }
        (hash, frames)
    }

    fn act(&mut self) {
        let mut seen = self.look_around();
        // Sorted, so that no order comes from the world's own tables.
        seen.sort_by_key(|seen| seen.id);
        for at in 0..self.players.len() {
            self.act_one(at, &seen);
        }
    }

    /// Living mobs, and loot on the ground.
    fn look_around(&mut self) -> Vec<Seen> {
        let world = self.channel.world_mut();
        let mut all = world.query::<(&NetEntity, &At, &Replicated<Appearance>, Option<&Replicated<Health>>)>();
        let wanted = all.iter(world).filter(|(_, _, looks, health)| match looks.kind {
            EntityKind::Mob => health.is_some_and(|health| health.current > 0),
            kind => matches!(kind, EntityKind::GroundItem | EntityKind::GroundGold),
        });
        wanted.map(|(id, at, looks, _)| Seen { id: id.0, at: at.0, kind: looks.kind }).collect()
    }

    fn act_one(&mut self, at: usize, seen: &[Seen]) {
        let hunter = &mut self.players[at];
        let world = self.channel.world();
        let Some(player) = world.resource::<Players>().of_character(hunter.character) else { return };
        let Some(place) = world.get::<At>(player).map(|at| at.0) else { return };
        let was_dead = std::mem::replace(
            &mut hunter.is_dead,
            world.get::<Replicated<Health>>(player).is_some_and(|health| health.current == 0),
        );
        let session = hunter.session;
        let nearest = |wanted: &dyn Fn(EntityKind) -> bool| {
            seen.iter().filter(|seen| wanted(seen.kind)).min_by_key(|seen| (apart(place, seen.at), seen.id)).copied()
        };
        let mob = nearest(&|kind| kind == EntityKind::Mob);
        let loot = nearest(&|kind| kind != EntityKind::Mob);
        hunter.number += 1;
        hunter.commands.push(hunt(place, mob, hunter.number, self.tick));
        if hunter.number.is_multiple_of(FRAME_EVERY) {
            // What the client has applied is two ticks old.
            hunter.ack.note(Tick(self.tick.saturating_sub(FRAME_EVERY)));
            let commands = std::mem::take(&mut hunter.commands);
            self.inbox.push(ToChannel::Frame { session, ack: hunter.ack, commands: commands.into_iter().collect() });
        }
        if hunter.is_dead && !was_dead {
            self.say(session, ClientMessage::Respawn);
        } else if let Some(loot) = loot.filter(|loot| apart(place, loot.at) < STAND_UNITS * STAND_UNITS)
            && (self.tick + at as u32).is_multiple_of(15)
        {
            self.say(session, ClientMessage::PickUp { entity: loot.id });
        }
    }
}

/// Walks towards a mob, and uses one ability after another on it, as if it had seen it up to six ticks ago.
fn hunt(place: Position, mob: Option<Seen>, number: u32, now: u32) -> InputCommand {
    let Some(mob) = mob else { return InputCommand { number, heading: None, action: None } };
    let towards = Angle::between(place, mob.at);
    let is_near = apart(place, mob.at) < STAND_UNITS * STAND_UNITS;
    let aim = match number / 16 % 4 {
        0 | 1 => Aim::Entity(mob.id),
        2 => Aim::Direction(towards),
        _ => Aim::Point(mob.at),
    };
    let slot = (number / 4 % 8) as u8;
    let seen = wire::Seen { tick: Tick(now.saturating_sub(number / 4 % 7)), part: (number / 4 % 8) as u8 };
    let action = number.is_multiple_of(4).then_some(Action { seen: Some(seen), ..Action::new(slot, aim) });
    InputCommand { number, heading: (!is_near).then_some(towards), action }
}

fn apart(from: Position, to: Position) -> i64 {
    let (x, y) = (i64::from(to.x - from.x), i64::from(to.y - from.y));
    x * x + y * y
}

impl<W: Write> Fight<W> {
    /// Ends the recording.
    pub fn finish(self) -> W {
        self.recorder.finish().expect("writable")
    }
}
