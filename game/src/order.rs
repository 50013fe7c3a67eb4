//! The order of the game's features within each part of a tick, in one place.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::channel::AnnounceLeaving;
use realmgate_engine::input::TakeInput;
use realmgate_engine::schedule::{TickSchedule, TickSet};

use crate::ability::{AbilityInput, AbilitySystems};
use crate::area::{AreaSystems, LaySystems};
use crate::combat::{HitSystems, RegenerateSystems, StatusSystems, ZoneSystems};
use crate::death::{DeathSystems, RespawnSystems};
use crate::effect::{EffectSystems, HoldSystems};
use crate::loot::LootSystems;
use crate::mob::{MendSystems, MindSystems, WakeSystems};
use crate::path::PathSystems;
use crate::progress::ProgressSystems;
use crate::projectile::{LaunchSystems, ProjectileSystems};
use crate::requests::RequestSet;
use crate::session::SayGoodbye;
use crate::spawn::{BirthSystems, EntranceSystems, LingerSystems};
use crate::stats::StatsSystems;
use crate::threat::ThreatSystems;
use crate::travel::PortalSystems;

/// Orders the features. `RequestSet` holds the order of player requests.
pub struct OrderPlugin;

impl Plugin for OrderPlugin {
    fn build(&self, app: &mut App) {
        app.configure_sets(TickSchedule, EntranceSystems.in_set(TickSet::Intent).before(TakeInput))
            .configure_sets(
                TickSchedule,
                (RespawnSystems, PathSystems, AbilityInput, MindSystems, HoldSystems)
                    .chain()
                    .in_set(TickSet::Intent)
                    .after(RequestSet::Travel),
            )
            .configure_sets(
                TickSchedule,
                (ZoneSystems, ProjectileSystems, AreaSystems, PortalSystems).chain().in_set(TickSet::Collide),
            )
            .configure_sets(
                TickSchedule,
                (
                    StatsSystems,
                    RegenerateSystems,
                    MendSystems,
                    EffectSystems,
                    AbilitySystems,
                    LaunchSystems,
                    LaySystems,
                    HitSystems,
                    ThreatSystems,
                    WakeSystems,
                    LingerSystems,
                )
                    .chain()
                    .in_set(TickSet::Combat),
            )
            .configure_sets(TickSchedule, AnnounceLeaving.before(DeathSystems))
            .configure_sets(
                TickSchedule,
                (DeathSystems, LootSystems, ProgressSystems, BirthSystems, StatusSystems, SayGoodbye)
                    .chain()
                    .in_set(TickSet::Lifecycle),
            );
    }
}
