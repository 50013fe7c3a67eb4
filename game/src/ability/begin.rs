//! Begins the use of an ability: checks that it is allowed, then starts the cast.

use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_engine::past::Lag;
use realmgate_protocol::realm::Refusal;

use super::Cast;
use super::aim::{Goal, aim};
use super::go_off::GoesOff;
use super::refuse::Refusals;
use super::user::{User, UserItem};
use crate::combat::Targets;
use crate::data::{AbilityIndex, Data};
use crate::requests::Asked;

/// Request to use an ability. To take effect in the same tick, write it before
/// [`AbilitySystems`](super::AbilitySystems).
#[derive(Message, Debug, Clone, Copy)]
pub struct UseAbility {
    /// The caster.
    pub user: Entity,
    /// The ability to use.
    pub ability: AbilityIndex,
    /// What the ability is aimed at.
    pub goal: Goal,
    /// How far behind the present the caster saw others; mobs see the present.
    pub lag: Lag,
    /// The command of a player that asks for it.
    pub asked: Option<Asked>,
}

pub(super) fn begin_uses(
    mut wishes: PopulatedMessageReader<UseAbility>,
    targets: Targets<'_, '_>,
    mut refusals: Refusals<'_, '_>,
    mut users: Query<User>,
    mut goes_off: MessageWriter<GoesOff>,
) {
    for wish in wishes.read() {
        let Ok(mut user) = users.get_mut(wish.user) else { continue };
        match begin(&refusals.clock, &refusals.data, &targets, &mut user, wish) {
            Ok(Some(now)) => {
                goes_off.write(now);
            }
            Ok(None) => {}
            Err(reason) => refusals.refuse(wish.user, wish.asked, reason),
        }
    }
}

/// Starts the cast. An ability without a cast time is returned, to go off at once.
fn begin(
    clock: &TickClock,
    data: &Data,
    targets: &Targets<'_, '_>,
    user: &mut UserItem<'_, '_>,
    wish: &UseAbility,
) -> Result<Option<GoesOff>, Refusal> {
    let ability = &data.abilities[wish.ability];
    let now = clock.now();
    let UseAbility { user: entity, ability: index, goal, lag, asked } = *wish;
    user.may_begin(index, ability, now)?;
    aim(targets, user.caster(lag), ability, goal)?;
    if !ability.off_global_cooldown {
        user.book.wait_all(now.after(clock.ticks(data.world.combat.global_cooldown_ms)));
    }
    if ability.cast_ms == 0 {
        return Ok(Some(GoesOff { user: entity, ability: index, goal, lag, asked }));
    }
    let until = now.after(clock.ticks(ability.cast_ms));
    user.cast.0 = Some(Cast { ability: index, goal, lag, since: now, until, asked });
    Ok(None)
}
