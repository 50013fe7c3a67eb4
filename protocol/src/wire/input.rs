//! Input commands: what a player wants to do in one tick, and which moment of others it saw then (`seen`). The server owns time, and applies one command per tick.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bits::{BitField, BitReader, BitWriter};
use crate::ids::{EntityId, Tick};
use crate::limits::{MAX_ABILITY_SLOTS, MAX_COMMANDS_PER_FRAME};
use crate::movement::{Angle, Position};

/// The aim of an ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aim {
    /// The caster itself, or no aim needed.
    None,
    /// An entity.
    Entity(EntityId),
    /// A point on the ground.
    Point(Position),
    /// A direction from where the player stands.
    Direction(Angle),
}

/// At which moment of the server a player saw others when it used an ability: aimed shapes are resolved by where they were
/// then (lag compensation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The tick that was shown, at its end.
    pub tick: Tick,
    /// How much of the next one, in eighths: 0 to 7.
    pub part: u8,
}

impl Seen {
    /// Parts of a tick that [`Self::part`] counts in.
    pub const PARTS: u32 = 8;
    /// Low bits of the tick that are sent. A server completes them by the newest snapshot that the frame acknowledges.
    const LOW_BITS: u32 = 6;
    const PART_BITS: u32 = 3;

    fn write(self, out: &mut BitWriter) {
        out.put(u64::from(self.tick.0), Self::LOW_BITS);
        out.put(u64::from(self.part), Self::PART_BITS);
    }

    fn read(from: &mut BitReader<'_>, acknowledged: Tick) -> Option<Self> {
        let low = from.take(Self::LOW_BITS)? as u32;
        let shift = u32::BITS - Self::LOW_BITS;
        let apart = (low.wrapping_sub(acknowledged.0) << shift) as i32 >> shift;
        let tick = Tick(acknowledged.0.checked_add_signed(apart)?);
        Some(Self { tick, part: from.take(Self::PART_BITS)? as u8 })
    }
}

/// The use of an ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// The slot of the ability, from 0.
    pub slot: u8,
    /// What it is aimed at.
    pub aim: Aim,
    /// When the player saw others; `None` for one that wants no lag compensation.
    pub seen: Option<Seen>,
}

impl Action {
    /// The use of the ability on a slot, of which nobody has said yet what the player saw.
    pub fn new(slot: u8, aim: Aim) -> Self {
        Self { slot, aim, seen: None }
    }
}

/// What a player wants to do in one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InputCommand {
    /// Sequence number: counts the client's ticks from 1, without gaps.
    pub number: u32,
    /// The direction to walk in, at full speed; `None` to stand.
    pub heading: Option<Angle>,
    /// The ability to use, if any.
    pub action: Option<Action>,
}

impl InputCommand {
    /// Appends the command without its number.
    ///
    /// Bits: walks 1 (heading 8) · acts 1 (slot 3, aim kind 2, aim: nothing, entity, position or angle; saw others 1 (low
    /// bits of the tick 6, eighths of the next 3)).
    pub fn write(&self, out: &mut BitWriter) {
        self.heading.write(out);
        out.put(u64::from(self.action.is_some()), 1);
        let Some(action) = self.action else { return };
        out.put(u64::from(action.slot), 3);
        match action.aim {
            Aim::None => out.put(0, 2),
            Aim::Entity(entity) => {
                out.put(1, 2);
                entity.write(out);
            }
            Aim::Point(point) => {
                out.put(2, 2);
                point.write(out);
            }
            Aim::Direction(angle) => {
                out.put(3, 2);
                angle.write(out);
            }
        }
        out.put(u64::from(action.seen.is_some()), 1);
        action.seen.iter().for_each(|seen| seen.write(out));
    }

    /// Reads a command of a frame that acknowledges this snapshot; `None` if it is cut short or illegal.
    pub fn read(number: u32, acknowledged: Tick, from: &mut BitReader<'_>) -> Option<Self> {
        let heading = Option::read(from)?;
        let action = if from.take(1)? == 1 { Some(read_action(acknowledged, from)?) } else { None };
        Some(Self { number, heading, action })
    }
}

fn read_action(acknowledged: Tick, from: &mut BitReader<'_>) -> Option<Action> {
    let slot = from.take(3)? as u8;
    debug_assert!(usize::from(slot) < MAX_ABILITY_SLOTS, "3 bits name 8 slots");
    let aim = match from.take(2)? {
        0 => Aim::None,
        1 => Aim::Entity(BitField::read(from)?),
        2 => Aim::Point(BitField::read(from)?),
        _ => Aim::Direction(BitField::read(from)?),
    };
    let seen = if from.take(1)? == 1 { Some(Seen::read(from, acknowledged)?) } else { None };
    Some(Action { slot, aim, seen })
}

/// The commands of one frame, oldest first. Keeps only the newest [`MAX_COMMANDS_PER_FRAME`]. Stored inline without an
/// allocation, since a frame comes from every player in every tick.
#[derive(Clone, Copy, Default)]
pub struct InputCommands {
    list: [InputCommand; MAX_COMMANDS_PER_FRAME],
    count: usize,
}

impl InputCommands {
    /// Appends a command, dropping the oldest one if there is no room.
    pub fn push(&mut self, command: InputCommand) {
        if self.count == MAX_COMMANDS_PER_FRAME {
            self.list.rotate_left(1);
            self.count -= 1;
        }
        self.list[self.count] = command;
        self.count += 1;
    }
}

impl Deref for InputCommands {
    type Target = [InputCommand];

    fn deref(&self) -> &[InputCommand] {
        &self.list[..self.count]
    }
}

impl FromIterator<InputCommand> for InputCommands {
    fn from_iter<T: IntoIterator<Item = InputCommand>>(commands: T) -> Self {
        let mut all = Self::default();
        commands.into_iter().for_each(|command| all.push(command));
        all
    }
}

impl PartialEq for InputCommands {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for InputCommands {}

impl fmt::Debug for InputCommands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for InputCommands {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self[..].serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for InputCommands {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<InputCommand>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_commands_are_kept_and_read_as_a_list() {
        let commands: InputCommands = (1..=9).map(|number| InputCommand { number, ..Default::default() }).collect();
        assert_eq!(commands.iter().map(|command| command.number).collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8, 9]);
        let json = serde_json::to_value(commands).unwrap();
        assert_eq!(json, serde_json::to_value(commands.to_vec()).unwrap());
        assert_eq!(serde_json::from_value::<InputCommands>(json).unwrap(), commands);
    }
}
