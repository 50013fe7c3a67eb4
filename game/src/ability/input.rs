//! Turns the commands of players into uses of abilities.

use bevy_ecs::prelude::*;
use realmgate_engine::input::CurrentInput;
use realmgate_engine::past::Lag;
use realmgate_engine::replication::NetEntities;
use realmgate_protocol::realm::Refusal;
use realmgate_protocol::wire::Aim;

use super::begin::UseAbility;
use super::refuse::Refusals;
use super::{AbilityBook, Goal};
use crate::requests::Asked;

type Actor<'a> = (Entity, &'a CurrentInput, &'a AbilityBook);

pub(super) fn read_actions(
    ids: Res<NetEntities>,
    mut refusals: Refusals<'_, '_>,
    players: Query<Actor<'_>>,
    mut uses: MessageWriter<UseAbility>,
) {
    for (user, input, book) in &players {
        let Some(command) = input.0 else { continue };
        let Some(action) = command.action else { continue };
        let lag = action.seen.map_or(Lag::default(), |seen| Lag::of(seen, &refusals.clock));
        let asked = Some(Asked::ability(command.number, action.slot));
        let goal = match action.aim {
            Aim::None => Some(Goal::Nothing),
            Aim::Entity(id) => ids.get(id).map(Goal::One),
            Aim::Point(point) => Some(Goal::Point(point)),
            Aim::Direction(angle) => Some(Goal::Direction(angle)),
        };
        match (book.on_slot(action.slot), goal) {
            (Some(ability), Some(goal)) => {
                uses.write(UseAbility { user, ability, goal, lag, asked });
            }
            (Some(_), None) => refusals.refuse(user, asked, Refusal::BadTarget),
            (None, _) => refusals.refuse(user, asked, Refusal::NoSuchAbility),
        }
    }
}
