//! Picking up loot from the ground.

use std::collections::BTreeMap;
use std::time::Duration;

use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};
use realmgate_protocol::realm::{ClientMessage, EntityKind, Refusal, ServerMessage};

use super::requests::{PendingRequest, Requests};
use super::senses::{Me, Senses};

/// How far a bot goes for something on the ground, in tiles.
const SIGHT_TILES: i32 = 8;

/// Loot within this distance of a kill of the bot may belong to it.
const FALLS_WITHIN_UNITS: i32 = 4 * UNITS_PER_TILE;
/// A kill that is older than this has left no loot.
const KILL_COUNTS_FOR: Duration = Duration::from_secs(60);

/// What a bot knows about loot on the ground.
#[derive(Debug, Default)]
pub struct Loot {
    /// Where the bot killed something, and when.
    kills: Vec<(Position, Duration)>,
    let_be: BTreeMap<EntityId, Duration>,
    bag_full_until: Duration,
}

impl Loot {
    /// Notes the bot's kills, and learns from refusals of its pick-ups.
    pub fn hear(&mut self, message: &ServerMessage, pending: Option<&PendingRequest>, senses: &Senses<'_>) {
        let now = senses.now;
        if let ServerMessage::Kill { target, .. } = message {
            // A body that is no longer in view was within the bot's reach.
            let place = senses.session.world.entity(*target).and_then(|body| body.position());
            self.kills.extend(place.or(senses.session.position()).map(|place| (place, now)));
        }
        let ServerMessage::Refused { request, reason, .. } = message else { return };
        let Some(PendingRequest { ask: ClientMessage::PickUp { entity }, .. }) = pending else { return };
        if request != "PickUp" {
            return;
        }
        match reason {
            Refusal::BagFull => self.bag_full_until = now + Duration::from_secs(20),
            _ => {
                self.let_be.insert(*entity, now + Duration::from_secs(30));
            }
        }
    }

    /// Where to go for loot. Requests it once in reach.
    pub fn step(
        &mut self,
        senses: &Senses<'_>,
        me: &Me<'_>,
        requests: &mut Requests,
        asks: &mut Vec<ClientMessage>,
    ) -> Option<Position> {
        let now = senses.now;
        self.let_be.retain(|_, until| *until > now);
        self.kills.retain(|(_, at)| now - *at < KILL_COUNTS_FOR);
        let may_be_own = |place: Position| self.kills.iter().any(|(kill, _)| kill.within(place, FALLS_WITHIN_UNITS));
        let nearest = |kind| {
            senses.nearest(me.at, kind, SIGHT_TILES, |id, thing| {
                !self.let_be.contains_key(&id) && thing.position().is_some_and(may_be_own)
            })
        };
        let item = nearest(EntityKind::GroundItem)
            .filter(|_| now >= self.bag_full_until && !senses.session.possessions.is_bag_full());
        let gold = nearest(EntityKind::GroundGold);
        let found =
            [item.map(|found| (EntityKind::GroundItem, found)), gold.map(|found| (EntityKind::GroundGold, found))];
        let (kind, (entity, place)) =
            found.into_iter().flatten().min_by_key(|(_, (_, place))| place.distance_squared(me.at))?;
        if me.is_near(place, senses.reach(|rules| rules.pick_up_range)) && requests.is_idle(now) {
            // Whatever the answer, it is not requested again at once.
            self.let_be.insert(entity, now + Duration::from_secs(2));
            requests.ask(ClientMessage::PickUp { entity }, Some(kind), now, asks);
        }
        Some(place)
    }
}
