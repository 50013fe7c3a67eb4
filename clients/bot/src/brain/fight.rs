//! Fighting mobs: which one, from where, and with which ability.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::limits::MAX_ABILITY_SLOTS;
use realmgate_protocol::movement::{Angle, Position, UNITS_PER_TILE};
use realmgate_protocol::realm::{AbilityInfo, AbilityShape, Answers, EntityKind, Refusal, ServerMessage, status};
use realmgate_protocol::wire::{Action, Aim};

use super::senses::{Me, Senses};

/// How far a bot looks for mobs, in tiles.
const SIGHT_TILES: i32 = 14;
/// A slot is not tried again until the server has had time to answer.
const TRY_EVERY: Duration = Duration::from_millis(400);
/// After using an ability a bot stands until it can see whether it is casting: walking would interrupt the cast.
const STAND_AFTER_USE: Duration = Duration::from_millis(250);
/// A target that loses no health for this long is given up.
const PATIENCE: Duration = Duration::from_secs(12);
/// The range assumed for abilities without one, and how near to go while no harmful ability is affordable.
const DEFAULT_RANGE_UNITS: i32 = UNITS_PER_TILE + UNITS_PER_TILE / 4;
/// Below this health a bot heals itself if it can.
const HEAL_BELOW_PERCENT: u32 = 55;

/// What the fight wants to do this tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Combat {
    /// The ability to use.
    pub action: Option<Action>,
    /// Where to walk to reach the target.
    pub goal: Option<Position>,
    /// Whether to stand: casting, or close enough.
    pub is_holding: bool,
}

#[derive(Debug, Clone, Copy)]
struct Target {
    id: EntityId,
    health: u16,
    /// When it last lost health, or was chosen.
    progress_at: Duration,
}

/// The fight a bot is in, if any.
#[derive(Debug, Default)]
pub struct Fight {
    target: Option<Target>,
    let_be: BTreeMap<EntityId, Duration>,
    next_try: [Duration; MAX_ABILITY_SLOTS],
    stand_until: Duration,
}

impl Fight {
    /// Learns from a refused command. Other messages tell it nothing.
    pub fn on_refused(&mut self, message: &ServerMessage, senses: &Senses<'_>) {
        let ServerMessage::Refused { answers: Answers::Command { slot, .. }, reason, .. } = message else { return };
        let wait_s = match reason {
            Refusal::NoSuchAbility => 60,
            Refusal::NoLineOfSight | Refusal::BadTarget | Refusal::NotFound => {
                self.give_up(senses.now);
                1
            }
            _ => 1,
        };
        if let Some(next_try) = self.next_try.get_mut(usize::from(*slot)) {
            *next_try = senses.now + Duration::from_secs(wait_s);
        }
    }

    /// Decides what to do about mobs.
    pub fn step(&mut self, senses: &Senses<'_>, me: &Me<'_>, is_reckless: bool, rng: &mut Pcg64) -> Combat {
        if me.entity.casting.is_some() || senses.now < self.stand_until {
            return Combat { is_holding: true, ..Combat::default() };
        }
        if !is_reckless && let Some(action) = self.heal(senses, me) {
            return Combat { action: Some(action), ..Combat::default() };
        }
        let Some((target, place)) = self.target(senses, me) else { return Combat::default() };
        if me.entity.has_status(status::SAFE) {
            // Fighting from within a safe zone is not possible.
            return Combat { goal: Some(place), ..Combat::default() };
        }
        if let Some((slot, ability)) = self.pick(senses, me, place, rng) {
            let action = Some(self.use_slot(slot, aim(ability.shape, me, target, place), senses.now));
            return Combat { action, goal: Some(place), is_holding: true };
        }
        let is_holding = me.is_near(place, self.approach_distance(senses, me)) && senses.sees(me.at, place);
        Combat { action: None, goal: Some(place), is_holding }
    }

    fn heal(&mut self, senses: &Senses<'_>, me: &Me<'_>) -> Option<Action> {
        if me.health_percent() >= HEAL_BELOW_PERCENT {
            return None;
        }
        let heals = |ability: &AbilityInfo| {
            ability.friendly && matches!(ability.shape, AbilityShape::Own | AbilityShape::Ally | AbilityShape::Ground)
        };
        let (slot, ability) = self.ready(senses, me).find(|(_, ability)| heals(ability))?;
        let aim = match ability.shape {
            AbilityShape::Ally => Aim::Entity(me.id),
            AbilityShape::Ground => Aim::Point(me.at),
            _ => Aim::None,
        };
        Some(self.use_slot(slot, aim, senses.now))
    }

    /// The mob to fight: the current one while it lives and loses health, otherwise the nearest.
    fn target(&mut self, senses: &Senses<'_>, me: &Me<'_>) -> Option<(EntityId, Position)> {
        let now = senses.now;
        self.let_be.retain(|_, until| *until > now);
        if let Some(mut target) = self.target {
            let health = senses.session.world.entity(target.id).and_then(|mob| mob.health.clone());
            let health = health.map_or(0, |health| health.current);
            if health < target.health {
                (target.health, target.progress_at) = (health, now);
            }
            self.target = Some(target);
            if now - target.progress_at > PATIENCE {
                self.give_up(now);
            }
        }
        let found = senses.nearest(me.at, EntityKind::Mob, SIGHT_TILES, |id, mob| {
            let alive = mob.health.as_ref().is_some_and(|health| health.current > 0);
            let chosen = self.target.is_none_or(|target| target.id == id);
            alive && chosen && !mob.has_status(status::RETURNING) && !self.let_be.contains_key(&id)
        });
        match (found, self.target) {
            (Some((id, place)), None) => {
                self.target = Some(Target { id, health: u16::MAX, progress_at: now });
                Some((id, place))
            }
            (Some(found), Some(_)) => Some(found),
            (None, _) => {
                self.target = None;
                None
            }
        }
    }

    fn give_up(&mut self, now: Duration) {
        if let Some(target) = self.target.take() {
            self.let_be.insert(target.id, now + Duration::from_secs(8));
        }
    }

    /// A random ability that can harm a target at `place` now.
    fn pick<'a>(
        &self,
        senses: &Senses<'a>,
        me: &Me<'a>,
        place: Position,
        rng: &mut Pcg64,
    ) -> Option<(u8, &'a AbilityInfo)> {
        if !senses.sees(me.at, place) {
            return None;
        }
        let harmful: Vec<_> = self
            .ready(senses, me)
            .filter(|(_, ability)| !ability.friendly && me.is_near(place, use_distance(ability)))
            .collect();
        if harmful.is_empty() { None } else { Some(harmful[rng.random_range(0..harmful.len())]) }
    }

    /// The abilities that can be used now, by slot.
    fn ready<'a>(&self, senses: &Senses<'a>, me: &Me<'a>) -> impl Iterator<Item = (u8, &'a AbilityInfo)> {
        let (session, me, tick) = (senses.session, *me, senses.session.world.tick().0);
        let (next_try, now, level) = (self.next_try, senses.now, session.possessions.level);
        let slots = me.welcome.slots.iter().take(MAX_ABILITY_SLOTS).enumerate();
        slots.filter_map(move |(slot, place)| {
            let ability = session.content.ability(*place)?;
            let is_ready = now >= next_try[slot]
                && level >= ability.min_level
                && me.is_ready(slot as u8, tick)
                && me.resource() >= ability.cost;
            is_ready.then_some((slot as u8, ability))
        })
    }

    /// How near to go: within the longest range of an affordable harmful ability, on cooldown or not.
    fn approach_distance(&self, senses: &Senses<'_>, me: &Me<'_>) -> i32 {
        let abilities = me.welcome.slots.iter().filter_map(|place| senses.session.content.ability(*place));
        let affordable = abilities.filter(|ability| !ability.friendly && ability.cost <= me.resource());
        affordable.map(use_distance).max().unwrap_or(DEFAULT_RANGE_UNITS)
    }

    fn use_slot(&mut self, slot: u8, aim: Aim, now: Duration) -> Action {
        self.next_try[usize::from(slot)] = now + TRY_EVERY;
        self.stand_until = now + STAND_AFTER_USE;
        Action::new(slot, aim)
    }
}

/// From how far away an ability is used: a little less than its range, since targets walk.
fn use_distance(ability: &AbilityInfo) -> i32 {
    if ability.range <= 0 { DEFAULT_RANGE_UNITS } else { ability.range * 7 / 8 }
}

fn aim(shape: AbilityShape, me: &Me<'_>, target: EntityId, place: Position) -> Aim {
    match shape {
        AbilityShape::Own => Aim::None,
        AbilityShape::Cone => Aim::Direction(Angle::between(me.at, place)),
        AbilityShape::Enemy | AbilityShape::Projectile | AbilityShape::Ally => Aim::Entity(target),
        AbilityShape::Ground => Aim::Point(place),
    }
}
