//! What of somebody's state everyone sees.

use bevy_ecs::prelude::*;
use realmgate_engine::body::Asleep;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::LinkDead;
use realmgate_engine::replication::Shared;
use realmgate_protocol::realm::{Status, status};

use super::{InCombat, SafeZone, Untouchable};
use crate::effect::Effects;
use crate::mob::Enraged;

type Visible<'a> =
    (&'a Effects, &'a InCombat, (Has<SafeZone>, Has<Untouchable>, Has<Enraged>, Has<LinkDead>), &'a mut Shared<Status>);

pub(super) fn show_status(clock: Res<TickClock>, mut everyone: Query<Visible<'_>, Without<Asleep>>) {
    for (effects, combat, (safe, untouchable, enraged, link_dead), mut shown) in &mut everyone {
        let mut flags = effects.flags();
        let mut set = |on: bool, flag: u16| flags |= if on { flag } else { 0 };
        set(combat.is(clock.now()), status::IN_COMBAT);
        set(safe, status::SAFE);
        set(untouchable, status::RETURNING);
        set(enraged, status::ENRAGED);
        set(link_dead, status::LINK_DEAD);
        shown.set_if_neq(Shared(Status { flags }));
    }
}
