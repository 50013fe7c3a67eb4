//! A channel: a world of its own on one map, isolated from every other.

mod depart;
mod inbox;
mod receive;
mod reload;
mod save;

pub use depart::{AnnounceLeaving, STORE_AWAY};
pub use inbox::{ChannelDirectory, ChannelState, Inbox, ToChannel};

pub use receive::EnterWorld;
pub use reload::{ApplyReload, Reload, ReloadApp};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bevy_app::{App, SubApp};
use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{ChannelId, CharacterId, MapId};
use realmgate_protocol::movement::Position;
use realmgate_protocol::wire::datagram::SnapshotAck;

use crate::body::{At, BodyPlugin};
use crate::channel_map::ChannelMap;
use crate::clock::TickClock;
use crate::input::InputPlugin;
use crate::map::Map;
use crate::outbox::{FrameBatch, Outbox};
use crate::overload::OverloadLevel;
use crate::past::PastPlugin;
use crate::persist::{PersistPlugin, PersistPort};
use crate::player::{Departing, Players, Travelling};
use crate::random::ChannelRandom;
use crate::record::StateHash;
use crate::replication::ReplicationPlugin;
use crate::rest::Rest;
use crate::schedule::{SchedulePlugin, TickSchedule};
use crate::spatial::SpatialPlugin;
use crate::spectator::{SpectatorOutput, Spectators, first_look};
use crate::tick_threads::TickThreads;
use crate::transport::SessionId;

/// Identifies a channel of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, Resource)]
pub struct ChannelKey {
    /// The map's id.
    pub map: MapId,
    /// The channel's number, from 1.
    pub channel: ChannelId,
}

/// The settings of one channel's world. The same settings and the same inbox give the same world.
#[derive(Debug, Clone)]
pub struct ChannelSettings {
    /// Which channel this is.
    pub key: ChannelKey,
    /// The map it plays on.
    pub map: Arc<Map>,
    /// Ticks per second.
    pub tick_hz: u32,
    /// The seed of its random number generators.
    pub seed: [u8; 32],
    /// Those that share its ticks; by default, the thread that ticks does all of it. What comes out is the same.
    pub threads: TickThreads,
}

/// Adds a game to a channel's world.
pub type BuildWorld = Arc<dyn Fn(&mut App) + Send + Sync>;

/// A running channel.
///
/// ```
/// use std::sync::Arc;
///
/// use realmgate_engine::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings, ToChannel};
/// use realmgate_engine::map::Map;
/// use realmgate_engine::tick_threads::TickThreads;
/// use realmgate_engine::transport::SessionId;
/// use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId};
/// use realmgate_protocol::link::CharacterLoad;
///
/// // The game adds its components and systems here.
/// let build: BuildWorld = Arc::new(|_| {});
/// let settings = ChannelSettings {
///     key: ChannelKey { map: MapId(1), channel: ChannelId(1) },
///     map: Arc::new(Map::sketch(MapId(1), &["S...", "...."]).ok_or("an empty map")?),
///     tick_hz: 30,
///     seed: [7; 32],
///     threads: TickThreads::default(),
/// };
/// let mut channel = Channel::new(settings, &build);
///
/// let load = CharacterLoad::fresh(CharacterId([1; 16]), AccountId([1; 16]), "Ann", "");
/// channel.push(ToChannel::Join { session: SessionId::from(1), epoch: LockEpoch(1), load });
/// channel.tick()?;
/// assert_eq!(channel.players(), 1);
/// assert!(channel.take_outbox().disconnects.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Channel {
    app: SubApp,
    settings: ChannelSettings,
    rest: Rest,
}

/// A system of a channel panicked. Its world may be half-changed and must not be read any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a channel's world panicked: {0}")]
pub struct ChannelPanicked(pub String);

impl Channel {
    /// Builds the world: the engine's plugins, then the game's.
    pub fn new(settings: ChannelSettings, build: &BuildWorld) -> Self {
        let mut app = Self::app(&settings, build);
        app.finish();
        app.cleanup();
        let mut app = std::mem::take(app.main_mut());
        let rest = Rest::new(app.world_mut());
        Self { app, settings, rest }
    }

    /// The app before it is taken apart: for tests that look at its schedule.
    pub fn app(settings: &ChannelSettings, build: &BuildWorld) -> App {
        let mut app = App::empty();
        app.insert_resource(settings.key)
            .insert_resource(ChannelMap(settings.map.clone()))
            .insert_resource(TickClock::new(settings.tick_hz))
            .insert_resource(ChannelRandom::new(settings.seed))
            .init_resource::<Outbox>()
            .init_resource::<Inbox>()
            .init_resource::<OverloadLevel>()
            .init_resource::<ChannelDirectory>()
            .add_plugins((
                SchedulePlugin,
                receive::ReceivePlugin,
                InputPlugin,
                BodyPlugin,
                PastPlugin,
                SpatialPlugin,
                PersistPlugin,
            ))
            .add_plugins((
                save::SavePlugin,
                depart::DepartPlugin,
                ReplicationPlugin { threads: settings.threads.clone() },
            ));
        build(&mut app);
        app
    }

    /// Number of players in it.
    pub fn players(&self) -> usize {
        self.world().resource::<Players>().len()
    }

    /// Where the body of a character stands; `None` if there is none here that its player may come back to, since it is
    /// about to leave.
    pub fn body_of(&self, character: CharacterId) -> Option<Position> {
        let world = self.world();
        let body = world.get_entity(world.resource::<Players>().of_character(character)?).ok()?;
        let leaves =
            body.contains::<Departing>() || body.contains::<Travelling>() || body.contains::<depart::Leaving>();
        body.get::<At>().filter(|_| !leaves).map(|at| at.0)
    }

    /// The channel's settings.
    pub fn settings(&self) -> &ChannelSettings {
        &self.settings
    }

    /// Puts an event into the inbox; it enters the world at the next tick.
    pub fn push(&mut self, event: ToChannel) {
        self.app.world_mut().resource_mut::<Inbox>().push(event);
    }

    /// Runs one tick; of a channel at [rest](crate::rest), what has to run of it. A panic ends the channel, not the process.
    ///
    /// # Errors
    /// [`ChannelPanicked`], with the panic's text, when a system panicked.
    pub fn tick(&mut self) -> Result<(), ChannelPanicked> {
        let world = self.app.world_mut();
        if self.rest.leaves_out(world) {
            world.resource_mut::<TickClock>().advance();
            return Ok(());
        }
        catch_unwind(AssertUnwindSafe(|| world.run_schedule(TickSchedule))).map_err(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            ChannelPanicked(text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default())
        })
    }

    /// Takes the output of the last tick.
    pub fn take_outbox(&mut self) -> Outbox {
        std::mem::take(&mut *self.app.world_mut().resource_mut::<Outbox>())
    }

    /// Gives back an empty batch for the next tick's snapshots.
    pub fn reuse(&mut self, frames: FrameBatch) {
        self.app.world_mut().resource_mut::<Outbox>().frames = frames;
    }

    /// Takes the owned events that the last tick submitted.
    pub fn take_events(&mut self) -> Vec<realmgate_protocol::link::OwnedEvent> {
        self.app.world_mut().resource_mut::<PersistPort>().drain()
    }

    /// Those who watch the channel, for the host: they are no part of its world, and not in its recording.
    pub(crate) fn spectators(&mut self) -> Mut<'_, Spectators> {
        self.app.world_mut().resource_mut()
    }

    /// Lets somebody watch, from where players come in at first.
    pub fn watch(&mut self, session: SessionId) {
        let now = self.world().resource::<TickClock>().now();
        let at = first_look(&self.settings.map);
        self.spectators().join(session, at, now);
    }

    /// Takes a message of somebody who watches.
    pub fn hear_spectator(&mut self, session: SessionId, bytes: Vec<u8>) {
        self.spectators().hear(session, bytes);
    }

    /// Takes the snapshots that somebody has applied who watches.
    pub fn acknowledge_spectator(&mut self, session: SessionId, ack: SnapshotAck) {
        self.spectators().acknowledge(session, ack);
    }

    /// Takes what those are sent who watch.
    pub fn take_spectator_output(&mut self) -> SpectatorOutput {
        self.spectators().take_output()
    }

    /// Gives back an empty batch for the next tick's snapshots of spectators.
    pub fn reuse_for_spectators(&mut self, frames: FrameBatch) {
        self.spectators().reuse(frames);
    }

    /// The hash of the world as clients could see it, of its random state, and of its output that nobody has taken yet.
    pub fn state_hash(&mut self) -> StateHash {
        StateHash::of_world(self.app.world_mut())
    }

    /// The world, for tests and for reading between ticks.
    pub fn world(&self) -> &World {
        self.app.world()
    }

    /// The world, for changes between ticks. Tests only, since such changes are not recorded.
    pub fn world_mut(&mut self) -> &mut World {
        self.app.world_mut()
    }
}
