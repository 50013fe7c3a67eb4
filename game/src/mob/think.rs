//! Decides each tick what every mob that is awake does.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use bevy_ecs::system::SystemParam;
use realmgate_engine::body::{Asleep, At, Body, Walk};
use realmgate_engine::clock::TickClock;
use realmgate_engine::overload::OverloadLevel;
use realmgate_engine::random::ChannelRandom;
use realmgate_engine::replication::Replicated;
use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::Health;

use super::help::HelpCalled;
use super::{Mind, MobPhase, Mood, fight, flee, peace};
use crate::ability::{AbilityBook, CurrentCast, UseAbility};
use crate::combat::{Side, Target, Targets, Untouchable};
use crate::data::{Data, Mob, Relation};
use crate::death::Dead;
use crate::path::{Route, Wayfinder};
use crate::spawn::{Home, MobAreas};
use crate::stats::MobKind;
use crate::threat::ThreatTable;

/// A mob that thinks.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Thinker {
    pub(super) entity: Entity,
    pub(super) kind: &'static MobKind,
    pub(super) phase: &'static MobPhase,
    pub(super) home: &'static Home,
    pub(super) at: &'static At,
    pub(super) body: &'static Body,
    pub(super) health: &'static Replicated<Health>,
    pub(super) book: &'static AbilityBook,
    pub(super) cast: &'static CurrentCast,
    pub(super) mind: &'static mut Mind,
    pub(super) route: &'static mut Route,
    pub(super) threat: &'static mut ThreatTable,
    walk: &'static mut Walk,
}

/// Everything mobs use to perceive and act.
#[derive(SystemParam)]
pub(super) struct Senses<'w, 's> {
    pub(super) clock: Res<'w, TickClock>,
    pub(super) areas: Res<'w, MobAreas>,
    pub(super) random: ResMut<'w, ChannelRandom>,
    pub(super) targets: Targets<'w, 's>,
    pub(super) way: Wayfinder<'w>,
    pub(super) uses: MessageWriter<'w, UseAbility>,
    pub(super) calls: MessageWriter<'w, HelpCalled>,
    pub(super) commands: Commands<'w, 's>,
}

/// Ticks between two decisions of a mob without enemies while the server is overloaded.
const RARE_THOUGHT_TICKS: u32 = 4;

pub(super) fn think(
    data: Res<Data>,
    overload: Res<OverloadLevel>,
    mut senses: Senses<'_, '_>,
    mut mobs: Query<Thinker, (Without<Dead>, Without<Asleep>)>,
) {
    let thinks_rarely = *overload >= OverloadLevel::IdleMinds;
    for mut thinker in &mut mobs {
        let fights_nobody = thinker.threat.is_empty();
        if thinks_rarely && fights_nobody && !senses.clock.every(RARE_THOUGHT_TICKS, thinker.entity.index_u32()) {
            continue;
        }
        let mob = &data.mobs[thinker.kind.mob];
        let angle = thinker.decide(&data, mob, &mut senses);
        thinker.walk.set_if_neq(Walk(angle));
    }
}

impl ThinkerItem<'_, '_> {
    /// Runs its current mood and returns the direction it walks in, if any.
    fn decide(&mut self, data: &Data, mob: &Mob, senses: &mut Senses<'_, '_>) -> Option<Angle> {
        match self.mind.mood {
            Mood::Return => peace::go_home(self, data, senses),
            Mood::Flee { until, health } => flee::run(self, mob, senses, until, health),
            Mood::Idle { .. } | Mood::Wander { .. } if self.threat.is_empty() => peace::stroll(self, mob, senses),
            Mood::Idle { .. } | Mood::Wander { .. } => {
                self.take_up_arms(mob, senses);
                fight::fight(self, data, mob, senses)
            }
            Mood::Fight => fight::fight(self, data, mob, senses),
        }
    }

    /// Starts a fight: remembers its position as home, and calls for help.
    fn take_up_arms(&mut self, mob: &Mob, senses: &mut Senses<'_, '_>) {
        self.mind.mood = Mood::Fight;
        self.mind.home = self.at.0;
        self.route.clear();
        let range = mob.mind.help_tiles.units();
        if let Some(enemy) = self.threat.worst(None, 1_000, |_| true)
            && range > 0
            && !self.mind.called
        {
            senses.calls.write(HelpCalled { kind: self.kind.mob, position: self.at.0, range, enemy });
        }
    }

    /// Gives up and goes home. It cannot be harmed until it is there.
    pub(super) fn turn_home(&mut self, senses: &mut Senses<'_, '_>) {
        self.mind.mood = Mood::Return;
        self.mind.enemy = None;
        self.mind.stuck_since = None;
        self.threat.clear();
        self.route.clear();
        senses.commands.entity(self.entity).insert(Untouchable);
    }

    /// Chooses the enemy to fight, if any is left that can be harmed.
    pub(super) fn choose_enemy(&mut self, data: &Data, senses: &Senses<'_, '_>) -> Option<Target> {
        let switch = data.world.combat.switch_threat_per_mille;
        let counts = |who| senses.targets.one(Side::Mobs, Relation::Foe, who).is_some();
        let enemy = self.threat.worst(self.mind.enemy, switch, counts);
        if self.mind.enemy != enemy {
            self.mind.enemy = enemy;
        }
        enemy.and_then(|enemy| senses.targets.one(Side::Mobs, Relation::Foe, enemy))
    }

    /// Records that it makes progress.
    pub(super) fn note_progress(&mut self) {
        self.mind.stuck_since = None;
    }

    /// Records that it finds no way. Returns whether it has found none for longer than `give_up_ms`.
    pub(super) fn note_blocked(&mut self, data: &Data, senses: &Senses<'_, '_>) -> bool {
        let now = senses.clock.now();
        let since = *self.mind.stuck_since.get_or_insert(now);
        now.since(since) > senses.clock.ticks(data.world.minds.give_up_ms)
    }
}
