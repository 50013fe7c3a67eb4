//! Mobs out of combat: they wander, go home and restore health.

use bevy_ecs::prelude::*;
use realmgate_engine::body::{Asleep, At};
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::Replicated;
use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::Health;

use super::think::{Senses, ThinkerItem};
use super::{Mind, Mood};
use crate::combat::Untouchable;
use crate::data::{Data, Mob};
use crate::death::Dead;

/// Stands for a while, then walks straight to a random place of its area.
pub(super) fn stroll(thinker: &mut ThinkerItem<'_, '_>, mob: &Mob, senses: &mut Senses<'_, '_>) -> Option<Angle> {
    let now = senses.clock.now();
    match thinker.mind.mood {
        Mood::Wander { to } => {
            let arrived = thinker.at.0.within(to, thinker.body.radius);
            if arrived || !senses.way.is_straight(thinker.at.0, to, thinker.body.radius) {
                let (least, most) = (mob.mind.pause_min_ms as i32, mob.mind.pause_max_ms as i32);
                let pause = senses.random.between(least, most) as u32;
                thinker.mind.mood = Mood::Idle { until: now.after(senses.clock.ticks(pause)) };
                return None;
            }
            Some(Angle::between(thinker.at.0, to))
        }
        Mood::Idle { until } if now >= until => {
            let to = senses.areas.some_place(thinker.home.area, &mut senses.random).unwrap_or(thinker.at.0);
            thinker.mind.mood = Mood::Wander { to };
            None
        }
        _ => None,
    }
}

/// Goes home. A mob that finds no way in time is moved there.
pub(super) fn go_home(thinker: &mut ThinkerItem<'_, '_>, data: &Data, senses: &mut Senses<'_, '_>) -> Option<Angle> {
    let (at, home, radius) = (thinker.at.0, thinker.mind.home, thinker.body.radius);
    if at.within(home, radius) {
        arrive(thinker, senses);
        return None;
    }
    let angle = senses.way.towards(&mut thinker.route, at, home, radius);
    if angle.is_some() {
        thinker.note_progress();
    } else if thinker.note_blocked(data, senses) {
        senses.commands.entity(thinker.entity).insert(At(home));
        arrive(thinker, senses);
    }
    angle
}

fn arrive(thinker: &mut ThinkerItem<'_, '_>, senses: &mut Senses<'_, '_>) {
    *thinker.mind = Mind::at_home(thinker.mind.home);
    thinker.threat.clear();
    senses.commands.entity(thinker.entity).remove::<Untouchable>();
}

type Mending<'a> = (Entity, &'a Mind, &'a mut Replicated<Health>);

/// Restores health: gradually on the way home, and fully once peaceful.
pub(super) fn mend(
    clock: Res<TickClock>,
    data: Res<Data>,
    mut mobs: Query<Mending<'_>, (Without<Dead>, Without<Asleep>)>,
) {
    let per_mille = data.world.minds.return_health_per_mille_per_s;
    for (entity, mind, mut health) in &mut mobs {
        if health.current == 0 || health.current == health.max {
            continue;
        }
        if mind.mood == Mood::Return {
            if clock.every(clock.tick_hz(), entity.index_u32()) {
                let more = u32::from(health.max) * per_mille / 1_000;
                health.current = (u32::from(health.current) + more).min(u32::from(health.max)) as u16;
            }
        } else if mind.is_peaceful() {
            health.current = health.max;
        }
    }
}
