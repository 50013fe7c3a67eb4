//! Decides which servers are kept, and whether another may be started. Does no I/O, and callers pass the time.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use realmgate_protocol::ids::MapId;

/// The window in which starts are counted.
const MINUTE: Duration = Duration::from_secs(60);
/// Backoff of a map after its server has failed; doubled for each consecutive failure.
const FIRST_REST: Duration = Duration::from_secs(1);
/// The longest backoff.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// A server that was up for this long did not fail because of its start.
const PROVEN_AFTER: Duration = Duration::from_secs(60);

/// One server, from the decision to start it until it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seat(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Starting,
    Up { since: Duration },
    Stopping,
}

/// Names of the stages in the metrics.
const STAGES: [&str; 3] = ["starting", "up", "stopping"];

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::Starting => STAGES[0],
            Self::Up { .. } => STAGES[1],
            Self::Stopping => STAGES[2],
        }
    }
}

/// Why a player found no place on a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// No server hosts the map.
    First,
    /// Every server that hosts the map is full.
    More,
    /// A server hosts the map but cannot be reached.
    Link,
}

/// What to do about a [`Need`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Start a server in this seat.
    Start(Seat),
    /// Wait: a server is starting, or may be started soon.
    Wait,
    /// Do nothing. Holds the reason, for the metrics.
    Refused(&'static str),
}

#[derive(Debug, Clone, Copy, Default)]
struct Setback {
    /// Consecutive failures.
    failures: u32,
    rest_until: Duration,
}

/// The servers that are kept.
#[derive(Debug)]
pub(super) struct Board {
    most: usize,
    starts_per_min: u32,
    seats: BTreeMap<Seat, (MapId, Stage)>,
    setbacks: BTreeMap<MapId, Setback>,
    starts: VecDeque<Duration>,
    next: u64,
    changes: u64,
    closed: bool,
}

impl Board {
    pub(super) fn new(most: usize, starts_per_min: u32) -> Self {
        Self {
            most,
            starts_per_min,
            seats: BTreeMap::new(),
            setbacks: BTreeMap::new(),
            starts: VecDeque::new(),
            next: 1,
            changes: 0,
            closed: false,
        }
    }

    /// What to do for a map. A caller that is told to wait asks again after a change and after a moment, for at most
    /// `patience`.
    pub(super) fn ask(&mut self, map: MapId, need: Need, now: Duration, patience: Duration) -> Answer {
        let (starting, up) = self.count(map);
        if self.closed {
            return Answer::Refused("closing");
        }
        if starting > 0 || (need != Need::More && up > 0) {
            // A server that is up but not listed or not linked was away for a moment: it comes back by itself.
            return Answer::Wait;
        }
        if need == Need::Link {
            return Answer::Refused("not_ours");
        }
        let rest_until = self.setbacks.get(&map).map_or(Duration::ZERO, |setback| setback.rest_until);
        if now < rest_until {
            return if rest_until < now + patience { Answer::Wait } else { Answer::Refused("resting") };
        }
        if self.seats.len() >= self.most {
            return Answer::Refused("limit");
        }
        while self.starts.front().is_some_and(|start| *start + MINUTE <= now) {
            self.starts.pop_front();
        }
        if self.starts.len() >= self.starts_per_min as usize {
            return Answer::Refused("pace");
        }
        self.starts.push_back(now);
        let seat = Seat(self.next);
        self.next += 1;
        self.changes += 1;
        self.seats.insert(seat, (map, Stage::Starting));
        Answer::Start(seat)
    }

    /// Number of consecutive failures of a map's servers.
    pub(super) fn failures(&self, map: MapId) -> u32 {
        self.setbacks.get(&map).map_or(0, |setback| setback.failures)
    }

    /// The server is ready.
    pub(super) fn up(&mut self, seat: Seat, now: Duration) {
        self.set(seat, Stage::Up { since: now });
    }

    /// The server is about to end.
    pub(super) fn stopping(&mut self, seat: Seat) {
        self.set(seat, Stage::Stopping);
    }

    /// The server is gone. One that did not end well is not started again at once.
    pub(super) fn gone(&mut self, seat: Seat, well: bool, now: Duration) {
        let Some((map, stage)) = self.seats.remove(&seat) else { return };
        self.changes += 1;
        if well {
            self.setbacks.remove(&map);
            return;
        }
        let setback = self.setbacks.entry(map).or_default();
        if matches!(stage, Stage::Up { since } if now >= since + PROVEN_AFTER) {
            setback.failures = 0;
        }
        setback.failures = setback.failures.saturating_add(1);
        let rest = FIRST_REST.saturating_mul(1 << (setback.failures - 1).min(16)).min(LONGEST_REST);
        setback.rest_until = now + rest;
    }

    /// Refuses every further start.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Whether no server is left.
    pub(super) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// Grows whenever the seats change.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Updates the gauges.
    pub(super) fn show(&self) {
        for name in STAGES {
            let count = self.seats.values().filter(|(_, stage)| stage.name() == name).count();
            metrics::gauge!("realmgate_fleet_servers", "stage" => name).set(count as f64);
        }
    }

    fn set(&mut self, seat: Seat, to: Stage) {
        if let Some((_, stage)) = self.seats.get_mut(&seat) {
            *stage = to;
            self.changes += 1;
        }
    }

    /// Number of a map's servers that are starting, and that are up.
    pub(super) fn count(&self, map: MapId) -> (usize, usize) {
        let stages = || self.seats.values().filter(|(of, _)| *of == map).map(|(_, stage)| stage);
        let starting = stages().filter(|stage| **stage == Stage::Starting).count();
        (starting, stages().filter(|stage| matches!(stage, Stage::Up { .. })).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: MapId = MapId(1);
    const PATIENCE: Duration = Duration::from_secs(15);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn just_before(time: Duration) -> Duration {
        time - Duration::from_millis(1)
    }

    #[track_caller]
    fn started(board: &mut Board, map: MapId, need: Need, now: Duration) -> Seat {
        match board.ask(map, need, now, PATIENCE) {
            Answer::Start(seat) => seat,
            other => panic!("expected a start, not {other:?}"),
        }
    }

    #[test]
    fn many_who_ask_at_once_get_one_server() {
        let mut board = Board::new(8, 100);
        let seat = started(&mut board, MAP, Need::First, at(0));
        for need in [Need::First, Need::More, Need::Link] {
            assert_eq!(board.ask(MAP, need, at(0), PATIENCE), Answer::Wait, "{need:?} while it starts");
        }
        board.up(seat, at(1));
        assert_eq!(board.ask(MAP, Need::First, at(2), PATIENCE), Answer::Wait, "it is only not listed yet");
        assert_eq!(board.ask(MAP, Need::Link, at(2), PATIENCE), Answer::Wait, "it is only not linked yet");
        started(&mut board, MAP, Need::More, at(2));
        assert_eq!(board.ask(MAP, Need::More, at(2), PATIENCE), Answer::Wait, "another starts");
        started(&mut board, MapId(2), Need::First, at(2));
        assert_eq!(board.ask(MapId(3), Need::Link, at(2), PATIENCE), Answer::Refused("not_ours"));
    }

    #[test]
    fn there_are_only_so_many_and_only_so_often() {
        let mut board = Board::new(2, 3);
        let first = started(&mut board, MapId(1), Need::First, at(0));
        started(&mut board, MapId(2), Need::First, at(10));
        assert_eq!(board.ask(MapId(3), Need::First, at(11), PATIENCE), Answer::Refused("limit"));
        board.stopping(first);
        assert_eq!(board.ask(MapId(3), Need::First, at(11), PATIENCE), Answer::Refused("limit"), "it is still there");
        board.gone(first, true, at(12));
        let third = started(&mut board, MapId(3), Need::First, at(12));
        board.gone(third, true, at(13));
        assert_eq!(board.ask(MapId(3), Need::First, just_before(at(60)), PATIENCE), Answer::Refused("pace"));
        let fourth = started(&mut board, MapId(3), Need::First, at(60));
        board.gone(fourth, true, at(61));
        assert_eq!(board.ask(MapId(3), Need::First, at(61), PATIENCE), Answer::Refused("pace"), "in any minute");
        started(&mut board, MapId(3), Need::First, at(70));
    }

    #[test]
    fn what_fails_rests_longer_each_time() {
        let mut board = Board::new(8, 1_000);
        let mut now = at(0);
        for (failures, rest) in (1..).zip([1, 2, 4, 8, 16, 32, 60, 60]) {
            let seat = started(&mut board, MAP, Need::First, now);
            board.gone(seat, false, now);
            assert_eq!(board.failures(MAP), failures);
            let wanted = if at(rest) < PATIENCE { Answer::Wait } else { Answer::Refused("resting") };
            assert_eq!(board.ask(MAP, Need::First, now, PATIENCE), wanted, "after {failures} failures");
            now += at(rest);
            let answer = board.ask(MAP, Need::First, just_before(now), PATIENCE);
            assert_eq!(answer, Answer::Wait, "it rests for {rest} s");
        }
        let seat = started(&mut board, MAP, Need::First, now);
        board.up(seat, now);
        now = just_before(now + PROVEN_AFTER);
        board.gone(seat, false, now);
        assert_eq!(board.failures(MAP), 9, "one that was not up for long has proven nothing");
        now += LONGEST_REST;
        let seat = started(&mut board, MAP, Need::First, now);
        board.up(seat, now);
        board.gone(seat, false, now + PROVEN_AFTER);
        assert_eq!(board.failures(MAP), 1, "one that had proven itself begins anew");
        let seat = started(&mut board, MAP, Need::First, now + PROVEN_AFTER + at(1));
        board.gone(seat, true, now + PROVEN_AFTER + at(2));
        assert_eq!(board.failures(MAP), 0, "one that ended well is forgiven");
    }

    #[test]
    fn a_closed_board_starts_nothing_and_empties() {
        let mut board = Board::new(8, 8);
        let seat = started(&mut board, MAP, Need::First, at(0));
        board.close();
        for map in [MAP, MapId(2)] {
            assert_eq!(board.ask(map, Need::First, at(0), PATIENCE), Answer::Refused("closing"));
        }
        assert!(!board.is_empty());
        board.gone(seat, true, at(1));
        assert!(board.is_empty());
    }
}
