//! Combat: sides, targets, damage, healing and safe zones.

mod battle;
mod formula;
mod hits;
mod reach;
mod regenerate;
mod safe_zone;
mod status;
mod targets;
mod vulnerability;

pub use battle::{Battle, Blow};
pub use formula::{armoured, spread, with_power};
pub use hits::Hit;
pub use reach::Reach;
pub use safe_zone::{SafeZone, SafeZones};
pub use targets::{Target, Targets};
pub use vulnerability::Vulnerability;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::body::Push;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::replication::Replicated;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::{Health, Status};

use crate::ability::CurrentCast;
use crate::effect::Effects;
use crate::stats::Stats;

/// The side of an entity in combat. Nobody can harm their own side.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[require(InCombat, LastBlow, Stats, Effects, Push, CurrentCast, Replicated<Health>, Replicated<Status>)]
pub enum Side {
    /// Players.
    Players,
    /// Mobs.
    Mobs,
}

/// Until when an entity counts as in combat. Every entity that can be harmed has one; the default, tick 0, is never.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InCombat {
    /// First tick at which it is out of combat.
    pub until: Tick,
}

impl InCombat {
    /// Whether it is in combat.
    pub fn is(&self, now: Tick) -> bool {
        now < self.until
    }
}

/// Marks a player in a safe zone of the map: it can neither harm nor be harmed.
#[derive(Component, Debug, Clone, Copy, Default)]
#[component(storage = "SparseSet")]
pub struct InSafeZone;

/// Marks an entity that cannot be harmed, such as a mob on its way home.
#[derive(Component, Debug, Clone, Copy, Default)]
#[component(storage = "SparseSet")]
pub struct Untouchable;

/// The entity that harmed this one last, if any.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastBlow(pub Option<Entity>);

/// Marks who enters and leaves safe zones, early in [`TickSet::Collide`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ZoneSystems;

/// Regenerates health and resource, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RegenerateSystems;

/// Applies the hits of abilities, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HitSystems;

/// Updates the visible status flags, last in [`TickSet::Lifecycle`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusSystems;

/// Adds damage, healing, regeneration, safe zones and status flags.
pub struct CombatPlugin;

impl Plugin for CombatPlugin {
    fn build(&self, app: &mut App) {
        let zones = SafeZones::of(app.world().resource::<ChannelMap>());
        app.insert_resource(zones).add_message::<Hit>().add_systems(
            TickSchedule,
            (
                safe_zone::mark_safe.in_set(TickSet::Collide).in_set(ZoneSystems),
                regenerate::regenerate.in_set(TickSet::Combat).in_set(RegenerateSystems),
                hits::apply_hits.in_set(TickSet::Combat).in_set(HitSystems),
                status::show_status.in_set(TickSet::Lifecycle).in_set(StatusSystems),
            ),
        );
    }
}
