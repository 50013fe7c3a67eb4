//! What clients see of the world, in one place.

use bevy_app::{App, Plugin};
use realmgate_engine::body::{At, Heading, Speed};
use realmgate_engine::replication::{ReplicateApp, SeenBy};
use realmgate_protocol::realm::{
    Appearance, Casting, Cooldowns, Facing, Health, Label, MoveSpeed, Place, Resource, Status,
};

use crate::ability::AbilityBook;

/// Registers every replicated component.
pub struct ReplicatePlugin;

impl Plugin for ReplicatePlugin {
    fn build(&self, app: &mut App) {
        app.replicate::<At, Place>(SeenBy::All, |at| Place { position: at.0 })
            .replicate::<Heading, Facing>(SeenBy::All, |heading| Facing { angle: heading.0 })
            .replicate_shared::<Appearance>(SeenBy::All)
            .replicate_shared::<Label>(SeenBy::All)
            .replicate_shared::<Health>(SeenBy::All)
            .replicate_shared::<Casting>(SeenBy::All)
            .replicate_shared::<Status>(SeenBy::All)
            .replicate_shared::<Resource>(SeenBy::Owner)
            .replicate::<AbilityBook, Cooldowns>(SeenBy::Owner, AbilityBook::to_wire)
            .replicate::<Speed, MoveSpeed>(SeenBy::Owner, |speed| MoveSpeed {
                units_per_tick: u16::try_from(speed.0).unwrap_or(0),
            });
    }
}
