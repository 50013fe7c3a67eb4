//! How old what players see of each other is, held against where everybody says it was itself.

use std::collections::HashMap;

use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};

use super::figures::Counts;
use super::scene::{SIGHT_TILES, units};

/// Ticks for which everybody's place is remembered.
const REMEMBERED: u32 = 64;
/// Shown within this of where it was counts as that tick's, in units: a sixteenth of a tile.
const AGREES_WITHIN: i32 = UNITS_PER_TILE / 16;
/// So many ticks later everybody has told where it was: snapshots of a tick do not arrive at once.
const SETTLES_AFTER: u32 = 3;

/// Where each player was in the last ticks, as its own snapshots told it.
#[derive(Debug, Default)]
pub struct Truth {
    players: HashMap<EntityId, Track>,
}

#[derive(Debug, Clone)]
struct Track {
    at: [(Tick, Position); REMEMBERED as usize],
}

impl Truth {
    /// A player was there at the end of a tick.
    pub fn note(&mut self, player: EntityId, tick: Tick, at: Position) {
        let track = self.players.entry(player).or_insert_with(|| Track { at: [(Tick(0), at); REMEMBERED as usize] });
        track.at[(tick.0 % REMEMBERED) as usize] = (tick, at);
    }

    /// The newest tick, up to this one, at whose end the player was where it is shown; `Err` where there is none that is
    /// remembered, `None` for who is no player.
    fn newest_agreeing(&self, player: EntityId, tick: Tick, shown: Position) -> Option<Result<Tick, ()>> {
        let track = self.players.get(&player)?;
        let remembered = (tick.0.saturating_sub(REMEMBERED - 8)..=tick.0).rev();
        let mut agreeing = remembered.filter(|tick| {
            let (noted, at) = track.at[(tick % REMEMBERED) as usize];
            noted.0 == *tick && at.within(shown, AGREES_WITHIN)
        });
        Some(agreeing.next().map(Tick).ok_or(()))
    }
}

/// What one player was shown of another.
#[derive(Debug, Clone, Copy)]
struct Sight {
    tick: Tick,
    of: EntityId,
    at: Position,
    far: bool,
}

/// What one watched player sees.
#[derive(Debug, Default)]
pub struct Watch {
    waiting: Vec<Sight>,
    /// The newest tick that each other was shown as of.
    shown_as_of: HashMap<EntityId, (Tick, Position)>,
    /// What was found.
    pub ages: Ages,
}

/// Ages in ticks of what is shown of others, near and far, and how many updates arrived.
#[derive(Debug, Default, Clone)]
pub struct Ages {
    /// Within half of the sight.
    pub near: Counts,
    /// Beyond.
    pub far: Counts,
    /// How often what is shown of another advanced to a newer tick.
    pub updates: u64,
    /// The same, of those that moved meanwhile.
    pub moving_updates: u64,
    /// Shown where the other was at no time that is remembered: as old as the last time it was shown right.
    pub nowhere: u64,
}

impl Watch {
    /// Notes what is shown at a tick to a player at a place.
    pub fn look(&mut self, tick: Tick, own: (EntityId, Position), others: impl Iterator<Item = (EntityId, Position)>) {
        let (own, from) = own;
        let near = units(SIGHT_TILES / 2.0);
        let others = others.filter(|(of, _)| *of != own);
        self.waiting.extend(others.map(|(of, at)| Sight { tick, of, at, far: !at.within(from, near) }));
    }

    /// Judges what was shown long enough ago; `newest` is the newest tick of all.
    pub fn judge(&mut self, truth: &Truth, newest: Tick) {
        let Self { waiting, shown_as_of, ages } = self;
        waiting.retain(|sight| {
            if newest.since(sight.tick) < SETTLES_AFTER {
                return true;
            }
            match truth.newest_agreeing(sight.of, sight.tick, sight.at) {
                Some(Ok(as_of)) => {
                    let counts = if sight.far { &mut ages.far } else { &mut ages.near };
                    counts.add(u64::from(sight.tick.since(as_of)));
                    let before = shown_as_of.insert(sight.of, (as_of, sight.at));
                    if let Some((before, was)) = before
                        && as_of > before
                    {
                        ages.updates += 1;
                        ages.moving_updates += u64::from(was != sight.at);
                    }
                }
                Some(Err(())) => {
                    // Carried on from where it was, past where it turned: as old as what it was carried on from.
                    ages.nowhere += 1;
                    if let Some((as_of, _)) = shown_as_of.get(&sight.of) {
                        let counts = if sight.far { &mut ages.far } else { &mut ages.near };
                        counts.add(u64::from(sight.tick.since(*as_of)));
                    }
                }
                None => {}
            }
            false
        });
    }

    /// Begins to count anew.
    pub fn reset(&mut self) {
        self.ages = Ages::default();
    }
}

impl Ages {
    /// Both together.
    pub fn add(&mut self, other: &Self) {
        self.near.merge(&other.near);
        self.far.merge(&other.far);
        self.updates += other.updates;
        self.moving_updates += other.moving_updates;
        self.nowhere += other.nowhere;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a player sees at so many tiles' distance of another, who walks and is shown so many ticks late at every tick.
    fn shown_late(late: u32, tiles: f64) -> Ages {
        let (mut truth, mut watch) = (Truth::default(), Watch::default());
        let (own, other) = (EntityId(1), EntityId(2));
        let at = |tick: u32| Position { x: 512 * tick as i32, y: 0 };
        for tick in 1..=40 {
            truth.note(other, Tick(tick), at(tick));
            let shown = at(tick.saturating_sub(late));
            let from = Position { y: units(tiles), ..shown };
            watch.look(Tick(tick), (own, from), [(own, from), (other, shown)].into_iter());
            watch.judge(&truth, Tick(tick));
        }
        watch.ages
    }

    #[test]
    fn what_is_shown_late_is_as_old_as_it_is_late() {
        for (late, tiles) in (0..=5).flat_map(|late| [(late, 9.0), (late, 11.0)]) {
            let ages = shown_late(late, tiles);
            let (counts, none) = if tiles < 10.0 { (&ages.near, &ages.far) } else { (&ages.far, &ages.near) };
            let all = (counts.quantile(0.0), counts.quantile(1.0), counts.count(), none.count());
            // The last three of the 40 ticks are not judged, and before the first one it was nowhere.
            let shown = u64::from(37 - late);
            assert_eq!(all, (u64::from(late), u64::from(late), shown, 0), "{late} late, {tiles} tiles off");
            let updates = (ages.updates, ages.moving_updates, ages.nowhere);
            assert_eq!(updates, (shown - 1, shown - 1, u64::from(late)), "each tick brought an update");
        }
    }

    #[test]
    fn who_is_carried_on_past_its_turn_grows_old() {
        let (mut truth, mut watch) = (Truth::default(), Watch::default());
        for tick in 1..=40 {
            let shown = Position { x: 512 * tick as i32, y: 100 };
            // It turned back at tick 20, and nobody was told.
            let at = if tick <= 20 { shown } else { Position { x: 512 * 20, y: 100 + 512 * (tick - 20) as i32 } };
            truth.note(EntityId(2), Tick(tick), at);
            watch.look(Tick(tick), (EntityId(1), shown), std::iter::once((EntityId(2), shown)));
            watch.judge(&truth, Tick(tick));
        }
        let ages = &watch.ages.near;
        assert_eq!((ages.count(), ages.quantile(1.0)), (37, 17), "the last judged tick is 37");
        assert_eq!(ages.quantile(0.5), 0, "until it turned, it was never old");
        assert_eq!(ages.quantile(0.78), 9, "the 29th of 37: nine ticks after its turn");
        assert_eq!(watch.ages.nowhere, 17);
    }

    #[test]
    fn who_stands_is_never_old() {
        let (mut truth, mut watch) = (Truth::default(), Watch::default());
        let at = Position { x: 100, y: 100 };
        for tick in 1..=40 {
            truth.note(EntityId(2), Tick(tick), at);
            watch.look(Tick(tick), (EntityId(1), at), std::iter::once((EntityId(2), at)));
            watch.judge(&truth, Tick(tick));
        }
        assert_eq!((watch.ages.near.count(), watch.ages.near.quantile(1.0)), (37, 0));
        assert_eq!((watch.ages.updates, watch.ages.moving_updates, watch.ages.nowhere), (36, 0, 0));
    }
}
