//! A channel with things that move and change, and clients on links with faults.

use std::collections::VecDeque;
use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;
use realmgate_engine::body::{At, Heading};
use realmgate_engine::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings, ToChannel};
use realmgate_engine::map::Map;
use realmgate_engine::player::Players;
use realmgate_engine::replication::{NetEntities, NetEntity, ReplicateApp, Replicated, SeenBy};
use realmgate_engine::tick_threads::TickThreads;
use realmgate_engine::transport::SessionId;
use realmgate_protocol::bits::{BitField, BitReader, BitWriter};
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId};
use realmgate_protocol::link::CharacterLoad;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::wire::WireComponent;
use realmgate_protocol::wire::datagram::SnapshotAck;

use crate::client::Client;

/// The size of the map in tiles.
pub const WIDTH: i32 = 96;
pub const HEIGHT: i32 = 48;

macro_rules! numbers {
    ($($(#[doc = $doc:literal])* $id:literal => $name:ident),*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name(pub u32);

        impl WireComponent for $name {
            const ID: u8 = $id;
            const NAME: &'static str = stringify!($name);
            fn write(&self, out: &mut BitWriter) {
                self.0.write(out);
            }
            fn read(from: &mut BitReader<'_>) -> Option<Self> {
                u32::read(from).map(Self)
            }
        }
    )*};
}
numbers! {
    /// Only ever grows.
    1 => Count,
    /// Comes and goes.
    2 => Mark,
    /// Visible to its owner only.
    3 => Secret
}

/// How far a thing moves per tick, in units of 1/1,024 tile.
#[derive(Component, Debug, Clone, Copy, Default)]
pub struct Drift(pub i32, pub i32);

/// Whether a thing stood still in the last tick.
#[derive(Component, Debug, Clone, Copy, Default)]
pub struct Stood(pub bool);

/// The random numbers for link faults, and for whatever else a test leaves to chance.
#[derive(Debug, Clone, Copy)]
pub struct Chance(pub u64);

impl Chance {
    /// A number below `end`.
    pub fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as u32) % end
    }
}

/// What links do to datagrams.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// Lost datagrams per hundred.
    pub loss: u32,
    /// Most ticks by which one datagram may be later than another.
    pub delay: u32,
}

/// Datagrams on their way: the tick at which each arrives.
type Way<T> = VecDeque<(u32, T)>;

/// A client and both ways of its link.
#[derive(Debug, Default)]
pub struct End {
    pub client: Client,
    frames: Way<Vec<u8>>,
    acks: Way<SnapshotAck>,
}

/// The whole test setup.
pub struct Scene {
    pub channel: Channel,
    pub ends: Vec<End>,
    pub things: Vec<Entity>,
    pub tick: u32,
    pub faults: Faults,
    pub chance: Chance,
}

impl Scene {
    /// A scene with this many players, all in the middle of the map.
    pub fn new(players: usize, seed: u64) -> Self {
        Self::on(TickThreads::default(), players, seed)
    }

    /// The same on these threads.
    pub fn on(threads: TickThreads, players: usize, seed: u64) -> Self {
        let row = ".".repeat(WIDTH as usize);
        let rows = vec![row.as_str(); HEIGHT as usize];
        let key = ChannelKey { map: MapId(1), channel: ChannelId(1) };
        let map = Arc::new(Map::sketch(MapId(1), &rows).unwrap());
        let build: BuildWorld = Arc::new(|app: &mut App| {
            app.replicate_wire::<Count>(SeenBy::All)
                .replicate_wire::<Mark>(SeenBy::All)
                .replicate_wire::<Secret>(SeenBy::Owner);
        });
        let channel = Channel::new(ChannelSettings { key, map, tick_hz: 20, seed: [1; 32], threads }, &build);
        let faults = Faults { loss: 0, delay: 0 };
        let mut scene = Self { channel, ends: Vec::new(), things: Vec::new(), tick: 0, faults, chance: Chance(seed) };
        for player in 0..players {
            scene.channel.push(join(player as u8 + 1));
            scene.ends.push(End::default());
        }
        scene.step();
        for player in 0..players {
            let entity = scene.player(player);
            let at = At(Position::tile_centre(WIDTH / 2 + player as i32, HEIGHT / 2));
            let more = (at, Drift::default(), Stood::default(), Replicated(Count(0)), Replicated(Secret(7)));
            scene.channel.world_mut().entity_mut(entity).insert(more);
            scene.things.push(entity);
        }
        scene
    }

    /// The entity of a player.
    pub fn player(&self, player: usize) -> Entity {
        self.channel.world().resource::<Players>().of_session(SessionId::from(player as u64 + 1)).unwrap()
    }

    /// Spawns a thing.
    pub fn spawn(&mut self, at: Position) -> Entity {
        let world = self.channel.world_mut();
        let id = world.resource_mut::<NetEntities>().allocate();
        let thing = world
            .spawn((id, At(at), Heading::default(), Drift::default(), Stood::default(), Replicated(Count(0))))
            .id();
        self.things.push(thing);
        thing
    }

    /// Runs one tick of everything: clients acknowledge, things drift, the world ticks, clients are sent its snapshots.
    pub fn step(&mut self) {
        self.tick += 1;
        self.drift();
        for (player, end) in self.ends.iter_mut().enumerate() {
            send(&mut end.acks, end.client.ack, self.tick, self.faults, &mut self.chance);
            while let Some(ack) = arrived(&mut end.acks, self.tick) {
                let session = SessionId::from(player as u64 + 1);
                self.channel.push(ToChannel::Frame { session, ack, commands: Default::default() });
            }
        }
        self.channel.tick().unwrap();
        let outbox = self.channel.take_outbox();
        assert!(outbox.disconnects.is_empty());
        for (session, frame) in outbox.frames.iter() {
            let end = &mut self.ends[session.client.0 as usize - 1];
            send(&mut end.frames, frame.to_vec(), self.tick, self.faults, &mut self.chance);
        }
        for end in &mut self.ends {
            while let Some(frame) = arrived(&mut end.frames, self.tick) {
                end.client.receive(&frame);
            }
        }
    }

    fn drift(&mut self) {
        let world = self.channel.world_mut();
        for thing in &self.things {
            let Drift(dx, dy) = *world.get::<Drift>(*thing).unwrap();
            let from = world.get::<At>(*thing).unwrap().0;
            let axis = |from: i32, by: i32, tiles: i32| (from + by).clamp(0, tiles * 1_024 - 1);
            let to = Position { x: axis(from.x, dx, WIDTH), y: axis(from.y, dy, HEIGHT) };
            world.get_mut::<At>(*thing).unwrap().0 = to;
            world.get_mut::<Stood>(*thing).unwrap().0 = from == to;
        }
    }

    /// Makes a thing move another way.
    pub fn turn(&mut self, thing: Entity, drift: Drift) {
        let mut entity = self.channel.world_mut().entity_mut(thing);
        entity.insert((drift, Heading(Angle((drift.0 / 8) as u8))));
    }

    /// The id under which clients know a thing.
    pub fn id(&self, thing: Entity) -> NetEntity {
        *self.channel.world().get::<NetEntity>(thing).unwrap()
    }
}

fn send<T>(way: &mut Way<T>, datagram: T, now: u32, faults: Faults, chance: &mut Chance) {
    if chance.below(100) >= faults.loss {
        way.push_back((now + chance.below(faults.delay + 1), datagram));
    }
}

/// A datagram that has arrived; one that was sent later may come earlier.
fn arrived<T>(way: &mut Way<T>, now: u32) -> Option<T> {
    let at = way.iter().position(|(due, _)| *due <= now)?;
    way.remove(at).map(|(_, datagram)| datagram)
}

fn join(player: u8) -> ToChannel {
    let load = CharacterLoad::fresh(CharacterId([player; 16]), AccountId([player; 16]), "", "");
    ToChannel::Join { session: u64::from(player).into(), epoch: LockEpoch(1), load }
}
