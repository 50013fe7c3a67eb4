//! Tells which players hear what another says.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_engine::replication::Audience;

use super::{Ignored, folded};

/// Tells which players hear what another says, by whom they ignore.
#[derive(SystemParam)]
pub struct Ears<'w, 's> {
    ignored: Query<'w, 's, &'static Ignored>,
    audience: Audience<'w, 's>,
}

impl Ears<'_, '_> {
    /// Whether a player hears a sender of this name.
    pub fn hears(&self, listener: Entity, from: &str) -> bool {
        !self.ignores(listener, &folded(from))
    }

    /// All players of the channel who hear a sender of this name.
    pub fn in_channel(&self, from: &str) -> impl Iterator<Item = Entity> {
        let from = folded(from);
        let listeners = self.audience.channel().map(|listener| listener.player);
        listeners.filter(move |listener| !self.ignores(*listener, &from))
    }

    fn ignores(&self, listener: Entity, folded: &str) -> bool {
        self.ignored.get(listener).is_ok_and(|ignored| ignored.names.contains_key(folded))
    }
}
