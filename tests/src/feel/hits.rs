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
use realmgate_game::combat::Reach;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::limits::MAX_ABILITY_SLOTS;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};
use realmgate_protocol::realm::{Answers, CombatKind, ServerMessage};
use realmgate_protocol::wire::{Action, Aim};

use crate::binaries::workspace;
use crate::scenario::DATA;

/// The radius of what is pressed.
const RADIUS_TILES: i32 = 2;
const RADIUS: i32 = RADIUS_TILES * UNITS_PER_TILE;
/// Time between two presses: longer than the server is silent after a refusal.
const PRESS_EVERY: Duration = Duration::from_millis(500);
/// How long after a command is applied the last message of what it has done may come.
const SETTLES_IN: Duration = Duration::from_secs(2);

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

/// A use that may still be told of.
#[derive(Debug)]
struct Use {
    command: u32,
    slot: usize,
    ability: u16,
    /// Who was near, and whether the screen showed them within.
    near: Vec<(EntityId, bool)>,
    hit: Vec<EntityId>,
    applied_at: Option<Duration>,
}

/// Presses, and compares.
#[derive(Debug)]
pub struct Striker {
    /// Those who are aimed at.
    targets: Vec<EntityId>,
    random: Pcg32,
    next: Duration,
    uses: Vec<Use>,
    agreement: Agreement,
}

impl Striker {
    /// One who aims at these.
    pub fn new(targets: Vec<EntityId>, seed: u64) -> Self {
        let random = Pcg32::seed_from_u64(seed);
        Self { targets, random, next: Duration::ZERO, uses: Vec::new(), agreement: Agreement::default() }
    }

    /// What has come of all uses so far.
    pub fn agreement(&self) -> Agreement {
        self.agreement
    }

    /// What it presses in the command that is about to be issued.
    pub fn press(&mut self, client: &GameClient, now: Duration) -> Option<Action> {
        let (session, display) = (client.session(), client.display()?);
        let slot = (0..MAX_ABILITY_SLOTS).find(|slot| self.uses.iter().all(|of| of.slot != *slot))?;
        let ability = *session.welcome()?.slots.get(slot)?;
        let shown = self.targets.iter().filter_map(|id| Some((*id, display.place(session, *id)?)));
        let shown = shown.map(|(id, at)| (id, Position { x: at.x.round() as i32, y: at.y.round() as i32 }));
        let shown: Vec<(EntityId, Position)> = shown.collect();
        if now < self.next || shown.is_empty() {
            return None;
        }
        self.next = now + PRESS_EVERY;
        let (_, aimed) = shown[self.random.random_range(0..shown.len())];
        let mut off = || self.random.random_range(-2 * RADIUS..=2 * RADIUS);
        let point = aimed.offset(off(), off());
        let (circle, grid) = (Reach::circle(point, RADIUS), session.grid()?);
        let is_within =
            |at| circle.touches(at, DATA.world.player.radius_tiles.units()) && grid.line_of_sight(point, at);
        let near = shown.into_iter().filter(|(_, at)| point.within(*at, 2 * RADIUS));
        let near = near.map(|(id, at)| (id, is_within(at))).collect();
        let command = session.commands_issued() + 1;
        self.uses.push(Use { command, slot, ability, near, hit: Vec::new(), applied_at: None });
        Some(Action::new(slot as u8, Aim::Point(point)))
    }

    /// Hears what the server says, and compares the uses of which nothing more is to come.
    pub fn hear(&mut self, client: &GameClient, told: &[ServerMessage], now: Duration) {
        let own = client.session().welcome().map(|welcome| welcome.entity);
        for message in told {
            match message {
                ServerMessage::Refused { answers: Answers::Command { number, .. }, .. } => {
                    self.uses.retain(|of| of.command != *number);
                }
                ServerMessage::Combat { kind: CombatKind::Buff, source, target, ability, .. }
                    if Some(*source) == own =>
                {
                    let of = self.uses.iter_mut().find(|of| Some(of.ability) == *ability);
                    of.into_iter().for_each(|of| of.hit.push(*target));
                }
                _ => {}
            }
        }
        let applied = client.session().world.head().last_command;
        let agreement = &mut self.agreement;
        self.uses.retain_mut(|of| {
            if of.command <= applied {
                of.applied_at.get_or_insert(now);
            }
            let is_settled = of.applied_at.is_some_and(|at| now >= at + SETTLES_IN);
            if is_settled {
                let agreed = of.near.iter().filter(|(id, is_within)| of.hit.contains(id) == *is_within).count();
                *agreement = agreement.and(Agreement { compared: of.near.len() as u32, agreed: agreed as u32 });
            }
            !is_settled
        });
    }
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
