//! Where everybody really was at any moment, as seen by a client without a line between it and the server.

use std::collections::BTreeMap;
use std::time::Duration;

use realmgate_client::display::Point;
use realmgate_client::session::Session;
use realmgate_protocol::ids::{EntityId, Tick};

/// The places of all entities, tick by tick.
#[derive(Debug, Default)]
pub struct Truth {
    /// When each snapshot came, and what it showed. A server that stumbles is seen to do so.
    snapshots: Vec<(Duration, BTreeMap<EntityId, Point>)>,
    newest: Tick,
}

impl Truth {
    /// Notes the newest snapshot of a session, if it came since the last call.
    pub fn note(&mut self, session: &Session, now: Duration) {
        let tick = session.world.tick();
        if tick > self.newest {
            self.newest = tick;
            let places =
                session.world.entities().filter_map(|(id, entity)| Some((id, Point::from(entity.position()?))));
            self.snapshots.push((now, places.collect()));
        }
    }

    /// Where an entity was at a moment: between two snapshots, on the way. `None` where nobody knows.
    pub fn at(&self, entity: EntityId, now: Duration) -> Option<Point> {
        let next = self.snapshots.partition_point(|(came, _)| *came <= now);
        let ((came, before), (then, after)) = (self.snapshots.get(next.checked_sub(1)?)?, self.snapshots.get(next)?);
        let share = (now - *came).as_secs_f64() / (*then - *came).as_secs_f64();
        let (from, to) = (before.get(&entity)?, after.get(&entity)?);
        Some(Point { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share })
    }
}
