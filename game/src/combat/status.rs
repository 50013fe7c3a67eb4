//! The status flags of an entity, visible to everyone.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use realmgate_engine::body::Asleep;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::LinkDead;
use realmgate_engine::replication::Replicated;
use realmgate_protocol::realm::{Status, status};

use super::{InCombat, InSafeZone, Untouchable};
use crate::effect::Effects;
use crate::mob::Enraged;

/// Everything a status is made of.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct StatusOf {
    effects: &'static Effects,
    combat: &'static InCombat,
    in_safe_zone: Has<InSafeZone>,
    untouchable: Has<Untouchable>,
    enraged: Has<Enraged>,
    link_dead: Has<LinkDead>,
    status: &'static mut Replicated<Status>,
}

pub(super) fn show_status(clock: Res<TickClock>, mut everyone: Query<StatusOf, Without<Asleep>>) {
    for mut one in &mut everyone {
        let mut flags = one.effects.flags();
        let mut set = |on: bool, flag: u16| flags |= if on { flag } else { 0 };
        set(one.combat.is(clock.now()), status::IN_COMBAT);
        set(one.in_safe_zone, status::SAFE);
        set(one.untouchable, status::RETURNING);
        set(one.enraged, status::ENRAGED);
        set(one.link_dead, status::LINK_DEAD);
        one.status.set_if_neq(Replicated(Status { flags }));
    }
}
