//! Tells players why they cannot use an ability.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_engine::clock::TickClock;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::Refusal;

use crate::data::Data;
use crate::requests::Asked;
use crate::tell::Tell;

/// Tick of the last refusal sent to a player, so that a client that keeps pressing is not answered each tick.
#[derive(Component, Debug, Clone, Copy, Default)]
pub struct RefusedAt(Option<Tick>);

/// Sends refusals of abilities.
#[derive(SystemParam)]
pub(super) struct Refusals<'w, 's> {
    pub(super) clock: Res<'w, TickClock>,
    pub(super) data: Res<'w, Data>,
    refused: Query<'w, 's, &'static mut RefusedAt>,
    tell: Tell<'w, 's>,
}

impl Refusals<'_, '_> {
    /// Tells a player that an ability is refused, unless it was told so less than `refusal_pause_ms` ago. Mobs, who ask
    /// for nothing, are not told.
    pub(super) fn refuse(&mut self, user: Entity, asked: Option<Asked>, reason: Refusal) {
        let Some(asked) = asked else { return };
        let Ok(mut refused) = self.refused.get_mut(user) else { return };
        let pause = self.clock.ticks(self.data.world.combat.refusal_pause_ms);
        if refused.0.is_some_and(|last| self.clock.now().since(last) < pause) {
            return;
        }
        refused.0 = Some(self.clock.now());
        self.tell.refuse(user, asked, reason);
    }
}
