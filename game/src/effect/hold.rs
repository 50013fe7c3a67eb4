//! Stops the walk of the rooted and the dead.

use bevy_ecs::prelude::*;
use realmgate_engine::body::{Asleep, Walk};

use super::Effects;
use crate::death::Dead;

/// Stops the walk of rooted and dead entities.
pub(super) fn hold(mut everyone: Query<(&Effects, Has<Dead>, &mut Walk), Without<Asleep>>) {
    for (effects, dead, mut walk) in &mut everyone {
        if walk.0.is_some() && (dead || effects.rooted()) {
            walk.0 = None;
        }
    }
}
