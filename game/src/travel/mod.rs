//! Travel: through portals to other places, and to other channels of the same map.

mod ask;
mod channels;
mod portal;
mod step_in;

pub use portal::{Portal, reachable_from};
pub use step_in::PortalSystems;

use std::sync::Arc;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::map::MapSet;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::{ChannelId, MapId};
use realmgate_protocol::movement::Position;

use crate::requests::{Asked, RequestSet};

/// All maps of the game, hosted here or elsewhere: portals lead to their spawn points.
#[derive(Resource, Debug, Clone)]
pub struct Maps(pub Arc<MapSet>);

/// A player wants to travel. Written in [`TickSet::Collide`] or earlier, sent before [`TickSet::Persist`].
#[derive(Message, Debug, Clone, Copy)]
pub struct TravelWanted {
    /// The traveller.
    pub player: Entity,
    /// What is refused if the travel is.
    pub asked: Asked,
    /// The map to travel to.
    pub map: MapId,
    /// Where to appear there.
    pub to: Position,
    /// The channel to travel to; `None` for the least loaded.
    pub channel: Option<ChannelId>,
}

/// Adds travel.
pub struct TravelPlugin;

impl Plugin for TravelPlugin {
    fn build(&self, app: &mut App) {
        let portals = portal::Portals::of(app.world().resource::<ChannelMap>());
        app.insert_resource(portals).add_message::<TravelWanted>();
        app.add_systems(
            TickSchedule,
            (ask::tell_answers, channels::list_channels, channels::switch_channel).chain().in_set(RequestSet::Travel),
        );
        app.add_systems(
            TickSchedule,
            (step_in::sense_portals, step_in::enter_portals).chain().in_set(PortalSystems).in_set(TickSet::Collide),
        );
        // It reads all soft state of a player, so it needs exclusive access to the world.
        app.add_systems(TickSchedule, ask::ask.after(TickSet::Lifecycle).before(TickSet::Persist));
    }
}
