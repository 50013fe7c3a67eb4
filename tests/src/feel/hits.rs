//! Whether the attacker's screen and the server agree on who was hit.
//!
//! A striker has abilities that act at once on everybody around a point on the ground. It presses them near others who walk
//! about, and notes whom its screen shows within; the server's messages say whom it has reached. What is used is of help, since
//! players harm nobody here: where it reaches is judged in the same way.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg32;
use realmgate_client::client::GameClient;
use realmgate_client::display::Point;
use realmgate_game::combat::Reach;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::limits::MAX_ABILITY_SLOTS;
use realmgate_protocol::movement::{CollisionGrid, Position, UNITS_PER_TILE};
use realmgate_protocol::realm::{Answers, CombatKind, ServerMessage};
use realmgate_protocol::wire::{Action, Aim};

use crate::binaries::workspace;
use crate::scenario::DATA;

/// The radius of what is pressed.
const RADIUS_TILES: i32 = 2;
/// The same in units.
pub const RADIUS: i32 = RADIUS_TILES * UNITS_PER_TILE;
/// Time between two presses: longer than the server is silent after a refusal.
pub const PRESS_EVERY: Duration = Duration::from_millis(500);
/// How long after a press the last message of what it has done may come. A slot is not pressed again before.
const SETTLES_IN: Duration = Duration::from_millis(3_500);

/// On how many of those who were in question screen and server agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Those who were within twice the radius when an ability was pressed.
    pub compared: u32,
    /// Those of them who were hit on both, or on neither.
    pub agreed: u32,
}

impl Agreement {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self { compared: self.compared + other.compared, agreed: self.agreed + other.agreed }
    }

    /// The share on which they agree; not a number where nothing was compared.
    pub fn share(self) -> f64 {
        f64::from(self.agreed) / f64::from(self.compared)
    }
}

/// An ability that is pressed.
#[derive(Debug, Clone, PartialEq)]
pub struct Press {
    /// The slot.
    pub slot: usize,
    /// Where it is aimed at.
    pub point: Position,
    /// Who was on the screen when it was pressed.
    pub shown: Vec<(EntityId, Point)>,
}

/// A use that may still be told of.
#[derive(Debug)]
struct Use {
    slot: usize,
    ability: u16,
    /// The command, where it is known: refusals name it.
    command: Option<u32>,
    /// Who was near, and whether the screen showed them within.
    near: Vec<(EntityId, bool)>,
    hit: Vec<EntityId>,
    pressed_at: Duration,
}

/// Compares what was pressed with what the server says of it.
#[derive(Debug, Default)]
pub struct Judge {
    uses: Vec<Use>,
    agreement: Agreement,
}

impl Judge {
    /// What has come of all uses so far.
    pub fn agreement(&self) -> Agreement {
        self.agreement
    }

    /// This was pressed, in a command where its number is known; the slot holds this ability.
    pub fn pressed(&mut self, press: &Press, command: Option<u32>, ability: u16, ground: &CollisionGrid, at: Duration) {
        let (point, radius) = (press.point, DATA.world.player.radius_tiles.units());
        let circle = Reach::circle(point, RADIUS);
        let is_within = |at| circle.touches(at, radius) && ground.line_of_sight(point, at);
        let shown = press.shown.iter().map(|(id, at)| (*id, rounded(*at)));
        let near = shown.filter(|(_, at)| point.within(*at, 2 * RADIUS)).map(|(id, at)| (id, is_within(at))).collect();
        let (slot, hit) = (press.slot, Vec::new());
        self.uses.push(Use { slot, ability, command, near, hit, pressed_at: at });
    }

    /// The server has refused what a command asked for: there was no use of which it could be told.
    pub fn refused(&mut self, command: u32) {
        self.uses.retain(|of| of.command != Some(command));
    }

    /// The same where only the slot is known: it was used once, since it is not pressed again before that is settled.
    pub fn refused_on(&mut self, slot: usize) {
        self.uses.retain(|of| of.slot != slot);
    }

    /// The server says that the newest use of this ability has reached somebody.
    pub fn hit(&mut self, ability: u16, target: EntityId) {
        let of = self.uses.iter_mut().rfind(|of| of.ability == ability);
        of.into_iter().for_each(|of| of.hit.push(target));
    }

    /// Compares the uses of which nothing more is to come.
    pub fn settle(&mut self, now: Duration) {
        let agreement = &mut self.agreement;
        self.uses.retain(|of| {
            let is_settled = now >= of.pressed_at + SETTLES_IN;
            if is_settled {
                let agreed = of.near.iter().filter(|(id, is_within)| of.hit.contains(id) == *is_within).count();
                *agreement = agreement.and(Agreement { compared: of.near.len() as u32, agreed: agreed as u32 });
            }
            !is_settled
        });
    }

    fn is_free(&self, slot: usize) -> bool {
        self.uses.iter().all(|of| of.slot != slot)
    }
}

/// Chooses what to press.
#[derive(Debug)]
pub struct Striker {
    /// Those who are aimed at.
    targets: Vec<EntityId>,
    random: Pcg32,
    next: Duration,
    /// What is compared.
    pub judge: Judge,
}

impl Striker {
    /// One who aims at these.
    pub fn new(targets: Vec<EntityId>, seed: u64) -> Self {
        Self { targets, random: Pcg32::seed_from_u64(seed), next: Duration::ZERO, judge: Judge::default() }
    }

    /// What it presses now, with these on its screen.
    pub fn press(&mut self, shown: impl Iterator<Item = (EntityId, Point)>, now: Duration) -> Option<Press> {
        if now < self.next {
            return None;
        }
        let slot = (0..MAX_ABILITY_SLOTS).find(|slot| self.judge.is_free(*slot))?;
        let shown: Vec<_> = shown.filter(|(id, _)| self.targets.contains(id)).collect();
        if shown.is_empty() {
            return None;
        }
        self.next = now + PRESS_EVERY;
        let (_, aimed) = shown[self.random.random_range(0..shown.len())];
        let mut off = || self.random.random_range(-2 * RADIUS..=2 * RADIUS);
        Some(Press { slot, point: rounded(aimed).offset(off(), off()), shown })
    }

    /// What a client presses in the command that it is about to issue.
    pub fn act(&mut self, client: &GameClient, now: Duration) -> Option<Action> {
        let (session, display) = (client.session(), client.display()?);
        let (ground, welcome) = (session.grid()?, session.welcome()?);
        let targets = self.targets.clone();
        let shown = targets.into_iter().filter_map(|id| Some((id, display.place(session, id)?)));
        let press = self.press(shown, now)?;
        let command = session.commands_issued() + 1;
        self.judge.pressed(&press, Some(command), *welcome.slots.get(press.slot)?, ground, now);
        Some(Action::new(press.slot as u8, Aim::Point(press.point)))
    }

    /// Hears what the server says to a client.
    pub fn hear(&mut self, client: &GameClient, told: &[ServerMessage], now: Duration) {
        let own = client.session().welcome().map(|welcome| welcome.entity);
        for message in told {
            match message {
                ServerMessage::Refused { answers: Answers::Command { number, .. }, .. } => {
                    self.judge.refused(*number);
                }
                ServerMessage::Combat { kind: CombatKind::Buff, source, target, ability: Some(ability), .. }
                    if Some(*source) == own =>
                {
                    self.judge.hit(*ability, *target);
                }
                _ => {}
            }
        }
        self.judge.settle(now);
    }
}

fn rounded(at: Point) -> Position {
    Position { x: at.x.round() as i32, y: at.y.round() as i32 }
}

/// Writes the shipped data into a folder, with what strikers press on every slot of every class, and mobs that begin no fight.
///
/// # Errors
/// When a file cannot be read or written.
pub fn lay(assets: &Path) -> Result<()> {
    fs::create_dir_all(assets)?;
    let shipped = workspace().join("assets");
    for entry in fs::read_dir(&shipped)? {
        let file = entry?.path();
        if let (Some(name), true) = (file.file_name(), file.extension().is_some_and(|kind| kind == "toml")) {
            fs::copy(&file, assets.join(name)).with_context(|| file.display().to_string())?;
        }
    }
    // Whoever is attacked while it walks about dies within a minute, and then moves no more.
    let file = assets.join("mobs.toml");
    fs::write(&file, fs::read_to_string(&file)?.replace("aggressive = true", "aggressive = false"))?;
    let marks: Vec<String> = (0..MAX_ABILITY_SLOTS).map(|slot| format!("mark_{slot}")).collect();
    let abilities = marks.iter().map(|mark| {
        format!(
            "\n[{mark}]\nname = \"{mark}\"\nshape = {{ kind = \"ground\", range_tiles = 40.0, radius_tiles = {RADIUS_TILES}.0 }}\n\
             effects = [{{ kind = \"buff\", bonuses = {{ power = 1 }}, lasts_ms = 100 }}]\noff_global_cooldown = true\n"
        )
    });
    let file = assets.join("abilities.toml");
    fs::write(&file, fs::read_to_string(&file)? + &abilities.collect::<String>())?;
    let file = assets.join("classes.toml");
    let classes = fs::read_to_string(&file)?;
    let is_abilities = |line: &str| line.starts_with("abilities = ");
    let with_marks =
        |line: &str| if is_abilities(line) { format!("abilities = {marks:?}\n") } else { format!("{line}\n") };
    fs::write(&file, classes.lines().map(with_marks).collect::<String>())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_uses_are_not_compared() {
        let ground = CollisionGrid::from_rows(&["....."; 5]).unwrap();
        let point = Position::tile_centre(2, 2);
        let shown = vec![(EntityId(9), Point::from(point))];
        let mut judge = Judge::default();
        for slot in 0..3 {
            let press = Press { slot, point, shown: shown.clone() };
            judge.pressed(&press, Some(slot as u32), slot as u16, &ground, Duration::ZERO);
        }
        judge.refused(0);
        judge.refused_on(1);
        judge.hit(2, EntityId(9));
        judge.settle(SETTLES_IN);
        assert_eq!(judge.agreement(), Agreement { compared: 1, agreed: 1 });
    }
}
