//! The input of a bot's decisions.

use std::time::Duration;

use realmgate_client::session::{Session, Welcome};
use realmgate_client::world::VisibleEntity;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};
use realmgate_protocol::realm::{EntityKind, Rules, status};

use crate::points_of_interest::PointsOfInterest;
use crate::roster::Roster;

/// Everything that a bot sees and knows.
#[derive(Debug, Clone, Copy)]
pub struct Senses<'a> {
    /// The session: what the server has sent.
    pub session: &'a Session,
    /// The time on the run's clock.
    pub now: Duration,
    /// What is known about this map.
    pub points_of_interest: &'a PointsOfInterest,
    /// The bots in the world.
    pub roster: &'a Roster,
    /// The bot's own name.
    pub name: &'a str,
}

impl<'a> Senses<'a> {
    /// The nearest entity of a kind, within `tiles` of `at`, that passes the test.
    pub fn nearest(
        &self,
        at: Position,
        kind: EntityKind,
        tiles: i32,
        mut test: impl FnMut(EntityId, VisibleEntity<'_>) -> bool,
    ) -> Option<(EntityId, Position)> {
        let entities = self.session.world.entities().filter(|(_, entity)| entity.kind() == Some(kind));
        entities
            .filter_map(|(id, entity)| Some((id, entity, entity.position()?)))
            .filter(|(_, _, place)| place.within(at, tiles * UNITS_PER_TILE))
            .filter(|(id, entity, _)| test(*id, *entity))
            .min_by_key(|(_, _, place)| place.distance_squared(at))
            .map(|(id, _, place)| (id, place))
    }

    /// How near to go to something before asking for it: a little less than the rule says, since what is asked for may
    /// move. 0 until the server has sent its rules.
    pub fn reach(&self, range: impl Fn(&Rules) -> i32) -> i32 {
        self.session.content.rules.as_ref().map_or(0, range) * 3 / 4
    }

    /// Whether nothing solid lies between the points, as far as the bot knows.
    pub fn sees(&self, from: Position, to: Position) -> bool {
        self.session.grid().is_none_or(|grid| grid.line_of_sight(from, to))
    }
}

/// The bot's own character.
#[derive(Debug, Clone, Copy)]
pub struct Me<'a> {
    /// Its entity.
    pub id: EntityId,
    /// Its components.
    pub entity: VisibleEntity<'a>,
    /// Its predicted position.
    pub at: Position,
    /// The server's welcome.
    pub welcome: &'a Welcome,
}

impl<'a> Me<'a> {
    /// The character, once it is in view.
    pub fn of(senses: &Senses<'a>) -> Option<Self> {
        let welcome = senses.session.welcome()?;
        let entity = senses.session.own_entity()?;
        Some(Self { id: welcome.entity, entity, at: senses.session.position()?, welcome })
    }

    /// Whether it is dead and must respawn.
    pub fn is_dead(&self) -> bool {
        self.entity.is_dead()
    }

    /// Whether it was in combat recently.
    pub fn in_combat(&self) -> bool {
        self.entity.has_status(status::IN_COMBAT)
    }

    /// Its health in percent; 100 while unknown.
    pub fn health_percent(&self) -> u32 {
        let Some(health) = &self.entity.health else { return 100 };
        u32::from(health.current) * 100 / u32::from(health.max.max(1))
    }

    /// Its points of the class's resource; 0 while unknown.
    pub fn resource(&self) -> u16 {
        self.entity.resource.as_ref().map_or(0, |resource| resource.current)
    }

    /// Whether an ability slot is ready at a tick.
    pub fn is_ready(&self, slot: u8, tick: u32) -> bool {
        let ready_at = self.entity.cooldowns.as_ref().and_then(|cooldowns| cooldowns.ready_at.get(usize::from(slot)));
        ready_at.is_none_or(|ready_at| *ready_at <= tick)
    }

    /// Whether a place is at most this far away, in 1/1,024 tile.
    pub fn is_near(&self, place: Position, units: i32) -> bool {
        self.at.within(place, units)
    }
}
