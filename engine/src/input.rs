//! Input commands: one per player and tick, taken from a small buffer that absorbs network jitter.

use std::collections::VecDeque;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::wire::{Action, InputCommand};

use crate::body::Walk;
use crate::past::believed;
use crate::player::Travelling;
use crate::schedule::{TickSchedule, TickSet};

/// Most commands that may wait. Newer ones beyond that are dropped, so a client that runs ahead gains nothing.
const CAPACITY: usize = 8;

/// A player's commands that have not been applied yet.
#[derive(Component, Debug, Default)]
pub struct InputBuffer {
    waiting: VecDeque<InputCommand>,
    last_applied: u32,
}

impl InputBuffer {
    /// Takes the commands of a client frame. Skips commands that were applied, are buffered already or do not fit. When they
    /// say that the player saw others is believed as far as the newest snapshot that the client has `acknowledged` allows.
    pub fn take(&mut self, commands: &[InputCommand], acknowledged: Tick) {
        for (command, later) in commands.iter().zip((0..commands.len() as u32).rev()) {
            let newest = self.waiting.back().map_or(self.last_applied, |last| last.number);
            if command.number > newest && self.waiting.len() < CAPACITY {
                let believe = |action: Action| Action {
                    seen: action.seen.map(|seen| believed(seen, acknowledged, later)),
                    ..action
                };
                self.waiting.push_back(InputCommand { action: command.action.map(believe), ..*command });
            }
        }
    }

    /// The number of the last command applied, 0 before the first.
    pub fn last_applied(&self) -> u32 {
        self.last_applied
    }

    /// Number of waiting commands.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no command is waiting.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The command of the next tick, if it has come.
    pub fn peek(&self) -> Option<&InputCommand> {
        self.waiting.front()
    }

    fn next(&mut self) -> Option<InputCommand> {
        let command = self.waiting.pop_front()?;
        self.last_applied = command.number;
        Some(command)
    }
}

/// The command for this tick. `None` when none arrived in time or the player is travelling; the player then stands
/// still.
#[derive(Component, Debug, Default, Clone, Copy)]
pub struct CurrentInput(pub Option<InputCommand>);

/// The set in which players take this tick's command, before anything else in [`TickSet::Intent`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TakeInput;

/// The plugin that feeds buffered commands to players.
pub struct InputPlugin;

impl Plugin for InputPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(TickSchedule, take_input.in_set(TickSet::Intent).in_set(TakeInput));
    }
}

type InputOf<'a> = (&'a mut InputBuffer, &'a mut CurrentInput, Option<&'a mut Walk>, Has<Travelling>);

/// Sets every player's command and walk. The game may override the walk (rooted, dead) later in the set.
fn take_input(mut players: Query<InputOf<'_>>) {
    for (mut buffer, mut current, walk, travelling) in &mut players {
        let next = buffer.next().filter(|_| !travelling);
        current.0 = next;
        if let Some(mut walk) = walk {
            walk.set_if_neq(Walk(next.and_then(|command| command.heading)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(number: u32) -> InputCommand {
        InputCommand { number, ..InputCommand::default() }
    }

    #[test]
    fn repeated_commands_are_taken_once_and_in_order() {
        let mut buffer = InputBuffer::default();
        buffer.take(&[command(1), command(2)], Tick(0));
        buffer.take(&[command(1), command(2), command(3)], Tick(0));
        let taken: Vec<u32> = std::iter::from_fn(|| buffer.next()).map(|command| command.number).collect();
        assert_eq!(taken, [1, 2, 3]);
        buffer.take(&[command(2), command(3)], Tick(0));
        assert!(buffer.is_empty(), "applied commands never come back");
    }

    #[test]
    fn running_ahead_gains_nothing() {
        let ahead: Vec<InputCommand> = (1..100).map(command).collect();
        for in_a_frame in [1, ahead.len()] {
            let mut buffer = InputBuffer::default();
            ahead.chunks(in_a_frame).for_each(|frame| buffer.take(frame, Tick(0)));
            assert_eq!(buffer.len(), 8, "room for some jitter, and not for more");
            let taken: Vec<u32> = std::iter::from_fn(|| buffer.next()).map(|command| command.number).collect();
            assert_eq!(taken, [1, 2, 3, 4, 5, 6, 7, 8], "the newer ones are dropped");
        }
    }
}
