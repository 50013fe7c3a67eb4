//! An authoritative game world server as a set of [bevy](bevy_ecs) plugins, for any game: it contains no game rules and no
//! HTTP.
//!
//! A [`host`] runs [`channel`]s at a fixed timestep. Each channel is a world of its own: a map, its players and everything
//! else in it. A [`transport`] carries players' datagrams, [`admission`] decides who may enter, [`spatial`] finds what is
//! near a point, [`replication`] sends each client snapshots of its area of interest, and [`persist`] hands over what must
//! outlive the world. A [`spectator`] watches a channel without being in it.
//!
//! This page is a guide. `docs/your-own-game.md` builds a whole game with a client, step by step.
//!
//! # Contents
//!
//! 1. [A first world](#a-first-world)
//! 2. [The tick](#the-tick)
//! 3. [What clients see](#what-clients-see)
//! 4. [Input commands and messages](#input-commands-and-messages)
//! 5. [Players who join and leave](#players-who-join-and-leave)
//! 6. [What players own](#what-players-own)
//! 7. [Maps and data](#maps-and-data)
//! 8. [Transports](#transports)
//! 9. [Recordings](#recordings)
//!
//! # A first world
//!
//! A game is a function that adds its components and systems to a world. [`MapServer`](host::MapServer) builds a world for
//! each channel with it. This one shows a score to everyone, with a client in the same process and no clock:
//!
//! ```
//! use std::sync::Arc;
//!
//! use bevy_app::App;
//! use bevy_ecs::prelude::*;
//! use realmgate_engine::body::{At, Body};
//! use realmgate_engine::host::{LocalLink, MapServer};
//! use realmgate_engine::map::Map;
//! use realmgate_engine::player::{CaptureSoftState, PlaceArrival, PlayerJoined};
//! use realmgate_engine::replication::{ReplicateApp, Replicated, SeenBy};
//! use realmgate_engine::schedule::{TickSchedule, TickSet};
//! use realmgate_engine::transport::Transports;
//! use realmgate_engine::transport::memory::{MemoryReceived, memory_transport};
//! use realmgate_protocol::ids::{ChannelId, MapId, Tick};
//! use realmgate_protocol::link::SoftState;
//! use realmgate_protocol::movement::Position;
//! use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};
//! use realmgate_protocol::wire::view::View;
//!
//! realmgate_protocol::components! {
//!     /// A player's score.
//!     0 => pub struct Score {
//!         /// Points.
//!         pub points: u16,
//!     }
//! }
//!
//! fn game(app: &mut App) {
//!     app.replicate_wire::<Score>(SeenBy::All)
//!         .insert_resource(PlaceArrival(|_, _| Position::tile_centre(1, 1)))
//!         .insert_resource(CaptureSoftState(|_, _| SoftState::default()))
//!         .add_systems(TickSchedule, enter.in_set(TickSet::Intent));
//! }
//!
//! fn enter(mut commands: Commands, mut joined: MessageReader<PlayerJoined>) {
//!     for joined in joined.read() {
//!         let at = At(Position::tile_centre(1, 1));
//!         commands.entity(joined.player).insert((Body { radius: 300 }, at, Replicated(Score { points: 7 })));
//!     }
//! }
//!
//! // The server, with a link that needs no sidecar.
//! let (mut link, ends) = LocalLink::open("example".parse()?)?;
//! let map = Map::sketch(MapId(1), &["....", "....", "...."]).ok_or("an empty map")?;
//! let (transport, network) = memory_transport();
//! let transports = Transports::new(vec![Box::new(transport)]);
//! let mut server = MapServer::new(link.host_config(vec![map])?, Arc::new(game), transports, ends);
//!
//! // A player.
//! let invitation = link.invite("Ann", MapId(1), ChannelId(1));
//! let mut client = network.connect(invitation.ticket, invitation.client);
//! client.send_frame(ClientFrame::default().seal());
//! for tick in 1..=3 {
//!     server.step(tick * 33);
//! }
//!
//! // What it sees.
//! let mut view = View::new(Tick(0), ComponentValue::read);
//! for received in client.recv() {
//!     if let MemoryReceived::Frame(payload) = received
//!         && let Section::Snapshot(body) = datagram::open(&payload)?.section
//!     {
//!         view.apply(body).ok_or("an illegal snapshot")?;
//!     }
//! }
//! let (_, own) = view.entities().next().ok_or("an empty view")?;
//! assert_eq!(own.components[&0], ComponentValue::Score(Score { points: 7 }));
//! assert_eq!(view.own().position, Position::tile_centre(1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In production [`host::run`] calls `step` at absolute deadlines, and lowers the tick rate when the process cannot keep up.
//!
//! # The tick
//!
//! All systems run in [`TickSchedule`](schedule::TickSchedule), in one of the sets of [`TickSet`](schedule::TickSet), which run
//! in this order:
//!
//! | set | what happens |
//! |---|---|
//! | `Receive` | the clock advances; players join and leave, commands and messages arrive |
//! | `Intent` | players and mobs decide |
//! | `Move` | bodies walk |
//! | `Collide` | projectiles, portals, zones |
//! | `Combat` | damage, healing, statuses |
//! | `Lifecycle` | death, loot, spawning |
//! | `Persist` | what players own is handed over |
//! | `Replicate` | snapshots are made |
//! | `Send` | the outbox is closed |
//!
//! Within a set, your plugins order the systems that touch the same data. A test that builds the app with ambiguity detection,
//! as `engine/tests/worlds/ambiguity.rs` does, finds those whose order is left open.
//!
//! Time is [`TickClock`](clock::TickClock) and chance is [`ChannelRandom`](random::ChannelRandom). Worlds read no other
//! clock and no other randomness, so that recordings replay exactly:
//!
//! ```
//! use bevy_ecs::prelude::*;
//! use realmgate_engine::clock::TickClock;
//! use realmgate_engine::random::ChannelRandom;
//!
//! #[derive(Component)]
//! struct Chest {
//!     opens_at: u32,
//!     gold: i32,
//! }
//!
//! fn refill(clock: Res<TickClock>, mut random: ResMut<ChannelRandom>, mut chests: Query<&mut Chest>) {
//!     for mut chest in &mut chests {
//!         if chest.opens_at <= clock.now().0 {
//!             chest.gold = random.between(5, 20);
//!             chest.opens_at = clock.now().0 + clock.ticks(60_000);
//!         }
//!     }
//! }
//! # bevy_ecs::system::assert_is_system(refill);
//! ```
//!
//! # What clients see
//!
//! An entity with a [`NetEntity`](replication::NetEntity) is replicated: its [`At`](body::At), and each component that the
//! game has registered. [`SeenBy`](replication::SeenBy) says who sees a component. A component of the world may be sent as
//! another type:
//!
//! ```
//! # realmgate_protocol::components! {
//! #     /// Health.
//! #     0 => pub struct HealthBar {
//! #         /// Eighths that are left.
//! #         pub eighths: u8,
//! #     }
//! # }
//! use bevy_app::App;
//! use bevy_ecs::prelude::*;
//! use realmgate_engine::body::At;
//! use realmgate_engine::replication::{NetEntities, ReplicateApp, SeenBy};
//! use realmgate_protocol::movement::Position;
//!
//! #[derive(Component)]
//! struct Health {
//!     now: u32,
//!     max: u32,
//! }
//!
//! fn build(app: &mut App) {
//!     app.replicate::<Health, HealthBar>(SeenBy::All, |health| HealthBar {
//!         eighths: (health.now * 8 / health.max) as u8,
//!     });
//! }
//!
//! fn spawn_mob(mut commands: Commands, mut ids: ResMut<NetEntities>) {
//!     commands.spawn((ids.allocate(), At(Position::tile_centre(5, 5)), Health { now: 30, max: 30 }));
//! }
//! # bevy_ecs::system::assert_is_system(spawn_mob);
//! # let _ = build;
//! ```
//!
//! Each client sees what is in its [area of interest](replication::InterestRange), and what has changed there goes into
//! snapshots of at most [`MAX_SNAPSHOT_BYTES`](replication::MAX_SNAPSHOT_BYTES), the most urgent first. What is lost is sent
//! again with the values of then.
//!
//! # Input commands and messages
//!
//! A client sends one [command](realmgate_protocol::wire::InputCommand) per tick: a direction to walk in, and an action. It repeats
//! each until the server has applied it. [`CurrentInput`](input::CurrentInput) is the one of this tick.
//!
//! Anything else is a reliable message of at most 1,000 bytes, whose content the engine does not know:
//!
//! ```
//! use bevy_ecs::prelude::*;
//! use realmgate_engine::outbox::Outbox;
//! use realmgate_engine::player::ClientBytes;
//! use realmgate_protocol::codec::{decode_reliable, encode_reliable};
//!
//! realmgate_protocol::messages! {
//!     /// From clients.
//!     pub enum ToServer {
//!         /// Asks for an echo.
//!         Say {
//!             /// Any text.
//!             text: String,
//!         },
//!     }
//! }
//!
//! fn echo(mut received: MessageReader<ClientBytes>, mut outbox: ResMut<Outbox>) {
//!     for received in received.read() {
//!         match decode_reliable::<ToServer>(&received.bytes) {
//!             Ok(message) => {
//!                 if let Ok(bytes) = encode_reliable(&message) {
//!                     outbox.send(received.session, bytes);
//!                 }
//!             }
//!             // Counted; who repeats it is disconnected.
//!             Err(_) => outbox.violations.push(received.session),
//!         }
//!     }
//! }
//! # bevy_ecs::system::assert_is_system(echo);
//! ```
//!
//! # Players who join and leave
//!
//! A player joins with a [ticket](realmgate_protocol::ticket::Ticket) that the sidecar, or a [`LocalLink`](host::LocalLink),
//! has announced: [`PlayerJoined`](player::PlayerJoined). When its connection is lost, its entity gets
//! [`LinkDead`](player::LinkDead) and stays. To leave, it needs the game's consent, since leaving must not be a way to
//! escape:
//!
//! ```
//! use bevy_ecs::prelude::*;
//! use realmgate_engine::player::{LeaveAsked, LeaveGranted};
//!
//! #[derive(Component)]
//! struct InCombat;
//!
//! fn let_go(
//!     mut asked: MessageReader<LeaveAsked>,
//!     fighting: Query<(), With<InCombat>>,
//!     mut leave: MessageWriter<LeaveGranted>,
//! ) {
//!     for LeaveAsked { player, reason, .. } in asked.read().copied() {
//!         if !fighting.contains(player) {
//!             leave.write(LeaveGranted { player, reason });
//!         }
//!     }
//! }
//! # bevy_ecs::system::assert_is_system(let_go);
//! ```
//!
//! A player that leaves is saved by the game's [`CaptureSoftState`](player::CaptureSoftState), as is every player every 5 s.
//!
//! # What players own
//!
//! Positions may be some seconds old after a crash. Items and gold may not: they change by
//! [owned events](realmgate_protocol::link::OwnedEvent). The game submits an event to the [`PersistPort`](persist::PersistPort),
//! and shows the change when [`EventDone`](persist::EventDone) says that it is durable.
//!
//! ```
//! use bevy_ecs::prelude::*;
//! use realmgate_engine::persist::{EventDone, PersistPort};
//! use realmgate_engine::player::Player;
//! use realmgate_engine::random::ChannelRandom;
//! use realmgate_protocol::ids::EventKey;
//! use realmgate_protocol::link::{Fence, OwnedEvent};
//!
//! #[derive(Component)]
//! struct FoundGold;
//!
//! fn submit(
//!     found: Query<&Player, Added<FoundGold>>,
//!     mut random: ResMut<ChannelRandom>,
//!     mut port: ResMut<PersistPort>,
//! ) {
//!     for player in &found {
//!         let fence = Fence { character: player.character, epoch: player.epoch };
//!         // What changes for whom: realmgate_protocol::link::Change.
//!         let changes = Vec::new();
//!         let key = EventKey(random.uuid());
//!         let _ = port.submit(OwnedEvent { key, reason: "chest".to_owned(), fences: vec![fence], changes });
//!     }
//! }
//!
//! fn show(mut done: MessageReader<EventDone>) {
//!     for outcome in done.read() {
//!         if outcome.refusal.is_none() {
//!             println!("{:?} is durable", outcome.key);
//!         }
//!     }
//! }
//! # bevy_ecs::system::assert_is_system(submit);
//! # bevy_ecs::system::assert_is_system(show);
//! ```
//!
//! # Maps and data
//!
//! [`map`] reads maps that designers draw in Tiled, [`data`] reads TOML. Both report every fault with its file, line and column.
//! For tests a map can be drawn as text:
//!
//! ```
//! use realmgate_engine::map::Map;
//! use realmgate_protocol::ids::MapId;
//!
//! let map = Map::sketch(MapId(1), &["#####", "#S..#", "#####"]).ok_or("an empty map")?;
//! assert!(map.grid.is_solid(0, 0) && !map.grid.is_solid(2, 1));
//! # Ok::<(), &str>(())
//! ```
//!
//! # Transports
//!
//! A server may have several at once. [`udp`](transport::udp) is netcode 1.02, which stock `renet` and `renetcode` clients
//! speak; [`websocket`](transport::websocket) and [`webtransport`](transport::webtransport) are for browsers;
//! [`memory`](transport::memory) is for tests, with loss and delay from a seed.
//!
//! ```
//! use realmgate_engine::transport::udp::{UdpSettings, UdpTransport};
//! use realmgate_engine::transport::{Rate, Transports};
//!
//! // From the keys of the host's configuration, so that connect tokens fit.
//! let netcode_key = [7; 32];
//! let udp = UdpTransport::bind(UdpSettings {
//!     max_clients: 200,
//!     datagrams_per_client: Rate { per_second: 100, burst: 200 },
//!     ..UdpSettings::new("127.0.0.1:0".parse()?, netcode_key)
//! })?;
//! println!("listening on {}", udp.local_address());
//! let transports = Transports::new(vec![Box::new(udp)]);
//! # drop(transports);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Recordings
//!
//! Everything enters a world through its [`Inbox`](channel::Inbox). A [recording](record) is that inbox with a hash of the
//! world after each tick. A replay names the first tick whose hash differs, and what differs in it. Set
//! [`HostConfig::record`](host::HostConfig::record) to write one for each channel.

pub mod admission;
pub mod body;
pub mod channel;
pub mod channel_map;
pub mod clock;
pub mod data;
pub mod host;
pub mod input;
pub mod map;
pub mod netcode;
pub mod outbox;
pub mod overload;
pub mod past;
pub mod persist;
pub mod player;
pub mod profile;
pub mod random;
pub mod record;
pub mod replication;
pub mod rest;
pub mod schedule;
pub mod spatial;
pub mod spectator;
pub mod tick_threads;
pub mod transport;
