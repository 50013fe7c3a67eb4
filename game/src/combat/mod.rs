//! Who is fighting, who is safe, and what a blow does.

mod battle;
mod formula;
mod hits;
mod regenerate;
mod status;
mod targets;
mod zone;

pub use battle::{Battle, Blow};
pub use formula::{armoured, spread, with_power};
pub use hits::Hit;
pub use targets::{Target, Targets};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::body::Push;
use realmgate_engine::replication::Shared;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::{Health, Status};

use crate::ability::CurrentCast;
use crate::effect::Effects;
use crate::stats::Stats;

/// Whose side somebody is on. Nobody can harm their own side.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[require(InCombat, LastBlow, Stats, Effects, Push, CurrentCast, Shared<Health>, Shared<Status>)]
pub enum Side {
    /// Players.
    Players,
    /// Mobs.
    Mobs,
}

/// Until when somebody counts as fighting. Everyone who can be hurt has one; tick 0 is never.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InCombat {
    /// The first tick of peace.
    pub until: Tick,
}

impl InCombat {
    /// Whether it is fighting.
    pub fn is(&self, now: Tick) -> bool {
        now < self.until
    }
}

/// Stands in a safe zone of the map: can neither be harmed nor harm.
#[derive(Component, Debug, Clone, Copy, Default)]
pub struct SafeZone;

/// On its way home, or gone from the fight otherwise: nothing harms it.
#[derive(Component, Debug, Clone, Copy, Default)]
pub struct Untouchable;

/// Who harmed somebody last.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastBlow(pub Option<Entity>);

/// Safe zones are entered and left, early in [`TickSet::Collide`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ZoneSystems;

/// Health and resource come back, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RegenerateSystems;

/// What abilities hit is harmed and healed, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HitSystems;

/// What weighs on everyone becomes visible, last in [`TickSet::Lifecycle`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusSystems;

/// Owns harm, healing, safe zones and what is seen of them.
pub struct CombatPlugin;

impl Plugin for CombatPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<Hit>().add_systems(
            TickSchedule,
            (
                zone::mark_safe.in_set(TickSet::Collide).in_set(ZoneSystems),
                regenerate::regenerate.in_set(TickSet::Combat).in_set(RegenerateSystems),
                hits::apply_hits.in_set(TickSet::Combat).in_set(HitSystems),
                status::show_status.in_set(TickSet::Lifecycle).in_set(StatusSystems),
            ),
        );
    }
}
