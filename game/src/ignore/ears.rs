//! Tells which players hear a message.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;

use super::{Ignored, folded};

/// Tells which players hear a message, by whom they ignore.
#[derive(SystemParam)]
pub struct Ears<'w, 's> {
    ignored: Query<'w, 's, &'static Ignored>,
}

impl Ears<'_, '_> {
    /// Whether a player hears a sender of this name.
    pub fn hears(&self, listener: Entity, from: &str) -> bool {
        self.listeners_of(from)(listener)
    }

    /// Returns a filter for players that hear a sender of this name.
    pub fn listeners_of(&self, from: &str) -> impl Fn(Entity) -> bool {
        let from = folded(from);
        move |listener| !self.ignored.get(listener).is_ok_and(|ignored| ignored.names.contains_key(&from))
    }
}
