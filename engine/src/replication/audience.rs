//! Whom to tell of something.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;

use super::encode::Encoded;
use super::view::ClientView;
use crate::player::{LinkDead, Player, Players};
use crate::transport::SessionId;

/// A player who can be told something now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// The player's entity.
    pub player: Entity,
    /// The player's connection.
    pub session: SessionId,
}

/// Answers whom to tell of something. Players without a connection are left out.
#[derive(SystemParam)]
pub struct Audience<'w, 's> {
    players: Res<'w, Players>,
    connected: Query<'w, 's, &'static Player, Without<LinkDead>>,
    viewers: Query<'w, 's, (Entity, &'static Player, &'static ClientView), Without<LinkDead>>,
    replicated: Query<'w, 's, &'static Encoded>,
}

impl Audience<'_, '_> {
    /// A player as a listener; `None` for other entities.
    pub fn player(&self, player: Entity) -> Option<Listener> {
        self.connected.get(player).ok().map(|known| Listener { player, session: known.session })
    }

    /// Everybody in the channel, ordered by character id.
    pub fn channel(&self) -> impl Iterator<Item = Listener> {
        self.players.iter().filter_map(|(_, player)| self.player(player))
    }

    /// All who have an entity in view as of their last snapshot. A player sees itself.
    pub fn viewers_of(&self, entity: Entity) -> impl Iterator<Item = Listener> {
        let slot = self.replicated.get(entity).ok().map(|encoded| encoded.slot);
        let sees = move |player: Entity, view: &ClientView| {
            slot.is_some_and(|slot| player == entity || view.visible.contains(slot))
        };
        let viewers = self.viewers.iter().filter(move |(player, _, view)| sees(*player, view));
        viewers.map(|(player, known, _)| Listener { player, session: known.session })
    }
}
