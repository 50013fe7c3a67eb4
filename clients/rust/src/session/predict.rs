//! Client-side prediction: the player's unacknowledged commands on top of the server's last state.

use std::collections::VecDeque;
use std::sync::Arc;

use realmgate_protocol::limits::MAX_COMMANDS_PER_FRAME;
use realmgate_protocol::movement::{Angle, CollisionGrid, Position, step};
use realmgate_protocol::wire::{InputCommand, InputCommands};

use super::Intent;

/// Maximum number of commands kept for replaying. A server that is further behind has lost us.
const MAX_PENDING: usize = 128;

/// How the player moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Motion {
    /// Speed in 1/1,024 tile per tick; 0 while it cannot walk.
    pub units_per_tick: i32,
}

#[derive(Debug, Clone, Copy)]
struct Issued {
    command: InputCommand,
    /// The predicted position after it, once there is a state to predict from.
    to: Option<Position>,
}

/// Predicts the player's own movement.
#[derive(Debug, Default)]
pub struct Predictor {
    grid: Option<Arc<CollisionGrid>>,
    body_radius: i32,
    pending: VecDeque<Issued>,
    issued: u32,
    /// The last command that the server applied, and the position after it.
    confirmed: Option<(u32, Position)>,
    at: Option<Position>,
    corrections: u64,
    corrected_units: u64,
}

impl Predictor {
    /// A predictor for a body on a map. Without a grid the ground is open everywhere.
    pub fn new(grid: Option<Arc<CollisionGrid>>, body_radius: i32) -> Self {
        Self { grid, body_radius, ..Self::default() }
    }

    /// Sets the ground, if it arrives after the prediction has started.
    pub fn stand_on(&mut self, grid: Arc<CollisionGrid>) {
        self.grid = Some(grid);
    }

    /// The player's predicted position.
    pub fn position(&self) -> Option<Position> {
        self.at
    }

    /// The number of the newest command; 0 before the first.
    pub fn issued(&self) -> u32 {
        self.issued
    }

    /// How often the server's position differed from the prediction.
    pub fn corrections(&self) -> u64 {
        self.corrections
    }

    /// By how much all corrections together have moved the player, each on the axis on which it moved more; in units.
    pub fn corrected_units(&self) -> u64 {
        self.corrected_units
    }

    /// Where a command with this direction leads a body.
    pub fn ahead(&self, from: Position, heading: Option<Angle>, motion: Motion) -> Position {
        let Some(heading) = heading else { return from };
        let (dx, dy) = heading.scaled(motion.units_per_tick);
        match &self.grid {
            Some(grid) => step(grid, from, self.body_radius, dx, dy),
            None => Position { x: (from.x + dx).max(0), y: (from.y + dy).max(0) },
        }
    }

    /// Makes the next command and predicts its result.
    pub fn issue(&mut self, intent: Intent, motion: Motion) {
        self.issued += 1;
        let command = InputCommand { number: self.issued, heading: intent.heading, action: intent.action };
        self.at = self.at.map(|at| self.ahead(at, command.heading, motion));
        if self.pending.len() == MAX_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back(Issued { command, to: self.at });
    }

    /// The newest commands that the server has not yet confirmed, oldest first.
    pub fn newest(&self) -> InputCommands {
        let skip = self.pending.len().saturating_sub(MAX_COMMANDS_PER_FRAME);
        self.pending.iter().skip(skip).map(|issued| issued.command).collect()
    }

    /// Reconciliation: takes the server's position after `last_command`, and replays the commands after it.
    pub fn reconcile(&mut self, server: Position, last_command: u32, motion: Motion) {
        let expected = match self.confirmed {
            // No new command was applied, so the player should still be where it was.
            Some((confirmed, at)) if confirmed == last_command => Some(at),
            _ => self.pending.iter().find(|issued| issued.command.number == last_command).and_then(|issued| issued.to),
        };
        if let Some(expected) = expected.filter(|expected| *expected != server) {
            self.corrections += 1;
            let off = (expected.x - server.x).unsigned_abs().max((expected.y - server.y).unsigned_abs());
            self.corrected_units += u64::from(off);
        }
        self.confirmed = Some((last_command, server));
        self.forget(last_command);
        let mut at = server;
        let mut pending = std::mem::take(&mut self.pending);
        for issued in &mut pending {
            at = self.ahead(at, issued.command.heading, motion);
            issued.to = Some(at);
        }
        self.pending = pending;
        self.at = Some(at);
    }

    /// Forgets the commands that the server has applied.
    pub fn forget(&mut self, last_command: u32) {
        while self.pending.front().is_some_and(|issued| issued.command.number <= last_command) {
            self.pending.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOTION: Motion = Motion { units_per_tick: 130 };
    const RADIUS: i32 = 320;

    fn grid() -> Arc<CollisionGrid> {
        Arc::new(CollisionGrid::from_rows(&["........", "..##....", "..##..#.", "........"]).unwrap())
    }

    proptest! {
        #[test]
        fn a_server_that_moves_alike_never_corrects(
            headings in prop::collection::vec(prop::option::of(any::<u8>()), 1..120),
            lag in 1usize..10,
            lost in prop::collection::vec(any::<bool>(), 120),
        ) {
            let mut predictor = Predictor::new(Some(grid()), RADIUS);
            let mut server = vec![Position::tile_centre(0, 0)];
            predictor.reconcile(server[0], 0, MOTION);
            for (tick, heading) in headings.iter().enumerate() {
                let heading = heading.map(Angle);
                predictor.issue(Intent { heading, action: None }, MOTION);
                let (dx, dy) = heading.map_or((0, 0), |heading| heading.scaled(MOTION.units_per_tick));
                server.push(step(&grid(), server[tick], RADIUS, dx, dy));
                if let Some(behind) = (tick + 1).checked_sub(lag).filter(|_| !lost[tick]) {
                    predictor.reconcile(server[behind], behind as u32, MOTION);
                }
                prop_assert_eq!(predictor.position(), Some(server[tick + 1]));
            }
            prop_assert_eq!(predictor.corrections(), 0);
        }
    }

    #[test]
    fn a_push_is_one_correction_and_is_replayed_from() {
        let mut predictor = Predictor::new(None, RADIUS);
        let start = Position { x: 10_000, y: 10_000 };
        predictor.reconcile(start, 0, MOTION);
        let east = Intent { heading: Some(Angle(0)), action: None };
        (0..4).for_each(|_| predictor.issue(east, MOTION));
        let pushed = start.offset(130, 500);
        predictor.reconcile(pushed, 1, MOTION);
        assert_eq!(predictor.corrections(), 1);
        assert_eq!(predictor.position(), Some(pushed.offset(3 * 130, 0)));
        predictor.reconcile(pushed.offset(130, 0), 2, MOTION);
        assert_eq!(predictor.corrections(), 1);
        assert_eq!(predictor.newest().iter().map(|command| command.number).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn applied_commands_are_not_repeated_though_nobody_says_where_the_player_is() {
        let mut predictor = Predictor::new(None, RADIUS);
        (0..5).for_each(|_| predictor.issue(Intent::default(), MOTION));
        predictor.forget(3);
        assert_eq!(predictor.newest().iter().map(|command| command.number).collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn a_push_while_standing_is_a_correction_too() {
        let mut predictor = Predictor::new(None, RADIUS);
        let (here, pushed) = (Position { x: 5_000, y: 5_000 }, Position { x: 5_500, y: 5_000 });
        let counted = [here, here, pushed, pushed].map(|server| {
            predictor.reconcile(server, 0, MOTION);
            assert_eq!(predictor.position(), Some(server));
            predictor.corrections()
        });
        assert_eq!(counted, [0, 0, 1, 1], "the push alone");
    }

    #[test]
    fn commands_are_numbered_without_gaps_and_only_the_newest_are_sent() {
        let mut predictor = Predictor::new(None, RADIUS);
        (0..20).for_each(|_| predictor.issue(Intent::default(), MOTION));
        let numbers: Vec<_> = predictor.newest().iter().map(|command| command.number).collect();
        assert_eq!(numbers, (14..=20).collect::<Vec<_>>());
    }
}
