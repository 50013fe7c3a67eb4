//! Those who can not walk.

use bevy_ecs::prelude::*;
use realmgate_engine::body::{Asleep, Walk};

use super::Effects;
use crate::death::Dead;

/// The rooted and the dead stay where they are, whatever they wished for.
pub(super) fn hold(mut everyone: Query<(&Effects, Has<Dead>, &mut Walk), Without<Asleep>>) {
    for (effects, dead, mut walk) in &mut everyone {
        if walk.0.is_some() && (dead || effects.rooted()) {
            walk.0 = None;
        }
    }
}
