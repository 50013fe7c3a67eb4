//! Casts: they take effect at their end, unless walking or death interrupts them.

use bevy_ecs::prelude::*;
use realmgate_engine::body::Asleep;
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::Replicated;
use realmgate_protocol::realm::Casting;

use super::go_off::GoesOff;
use super::user::User;
use super::{Cast, CurrentCast};
use crate::data::Data;

pub(super) fn run_casts(
    clock: Res<TickClock>,
    data: Res<Data>,
    mut users: Query<User, Without<Asleep>>,
    mut goes_off: MessageWriter<GoesOff>,
) {
    for mut user in &mut users {
        let Some(cast) = user.cast.0 else { continue };
        // A step in the tick in which the cast began counts as taken before the cast.
        let walked = user.walk.0.is_some() && clock.now() > cast.since;
        if !user.is_alive() || walked && !data.abilities[cast.ability].cast_while_moving {
            user.cast.0 = None;
        } else if clock.now() >= cast.until {
            user.cast.0 = None;
            let Cast { ability, goal, lag, asked, .. } = cast;
            goes_off.write(GoesOff { user: user.entity, ability, goal, lag, asked });
        }
    }
}

type Caster<'a> = (Entity, &'a CurrentCast, Option<&'a mut Replicated<Casting>>);

/// Replicates the current casts to all clients.
pub(super) fn show_casts(mut commands: Commands<'_, '_>, mut casts: Query<Caster<'_>, Changed<CurrentCast>>) {
    for (entity, cast, shown) in &mut casts {
        let wire = cast.0.map(|cast| Replicated(Casting { ability: cast.ability.0, until_tick: cast.until.0 }));
        match (wire, shown) {
            (Some(new), Some(mut shown)) => {
                shown.set_if_neq(new);
            }
            (Some(new), None) => {
                commands.entity(entity).insert(new);
            }
            (None, Some(_)) => {
                commands.entity(entity).remove::<Replicated<Casting>>();
            }
            (None, None) => {}
        }
    }
}
