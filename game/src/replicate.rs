//! The replicated components of the game, in one place.

use bevy_app::{App, Plugin};
use realmgate_engine::body::Speed;
use realmgate_engine::replication::{ReplicateApp, SeenBy};
use realmgate_protocol::realm::{
    Appearance, Casting, Cooldowns, GoldAmount, Health, Label, Look, MoveSpeed, Resource, Status,
};

use crate::ability::AbilityBook;

/// Registers all replicated components except positions, which the engine replicates.
pub struct ReplicatePlugin;

impl Plugin for ReplicatePlugin {
    fn build(&self, app: &mut App) {
        app.replicate_wire::<Appearance>(SeenBy::All)
            .replicate_wire::<Label>(SeenBy::All)
            .replicate_wire::<Look>(SeenBy::All)
            .replicate_wire::<Health>(SeenBy::All)
            .replicate_wire::<Casting>(SeenBy::All)
            .replicate_wire::<Status>(SeenBy::All)
            .replicate_wire::<GoldAmount>(SeenBy::All)
            .replicate_wire::<Resource>(SeenBy::Owner)
            .replicate::<AbilityBook, Cooldowns>(SeenBy::Owner, AbilityBook::to_wire)
            .replicate::<Speed, MoveSpeed>(SeenBy::Owner, |speed| MoveSpeed {
                units_per_tick: u16::try_from(speed.0).unwrap_or(0),
            })
            // In a crowd, the components that decide a fight have priority.
            .prefer::<Health>()
            .prefer::<Casting>()
            .prefer::<Status>();
    }
}
