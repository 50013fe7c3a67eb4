//! The scenes that speed is measured in: who stands where, and what they do.

use realmgate_protocol::ids::{AccountId, CharacterId, ItemId, MapId};
use realmgate_protocol::link::{CharacterLoad, ItemRecord, SoftState};
use realmgate_protocol::movement::{Angle, Position, UNITS_PER_TILE};
use serde::Serialize;

use super::chance::Chance;

/// How far players see, in tiles: where the engine's interest begins.
pub const SIGHT_TILES: f64 = 20.0;
/// How fast players walk, in tiles a second: a fortieth of their sight in each tick of 20 Hz.
pub const SPEED_TILES_PER_S: f64 = SIGHT_TILES / 40.0 * 20.0;
/// Players in view of one in an open field.
const IN_VIEW: f64 = 20.0;
/// Nobody walks nearer to the edge of the map than this, in tiles.
const MARGIN_TILES: f64 = 3.0;
/// High enough for every ability of a class.
const LEVEL: u16 = 10;
/// More than any class has; the server takes as much as fits.
const FULL: u32 = 60_000;

/// What players do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// About 20 others in view; all walk.
    #[default]
    Spread,
    /// All players see each other; all walk.
    Crowd,
    /// As spread, with mobs in reach: players fight, loot, die and respawn.
    Fight,
    /// As crowd, and all use abilities without pause.
    Brawl,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Spread, Self::Crowd, Self::Fight, Self::Brawl];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spread => "spread",
            Self::Crowd => "crowd",
            Self::Fight => "fight",
            Self::Brawl => "brawl",
        }
    }

    /// Whether players use abilities.
    pub fn has_fights(self) -> bool {
        matches!(self, Self::Fight | Self::Brawl)
    }

    /// Whether everybody sees everybody.
    pub fn is_dense(self) -> bool {
        matches!(self, Self::Crowd | Self::Brawl)
    }
}

/// A scene of so many players.
#[derive(Debug, Clone, Copy)]
pub struct Scene {
    /// What they do.
    pub scenario: Scenario,
    /// Number of players.
    pub players: usize,
    /// Tiles on each side of the map.
    pub side_tiles: u32,
}

impl Scene {
    /// The scene that a scenario makes of so many players.
    pub fn new(scenario: Scenario, players: usize) -> Self {
        let area = players as f64 * std::f64::consts::PI * SIGHT_TILES * SIGHT_TILES / IN_VIEW;
        let open = if scenario.is_dense() { SIGHT_TILES } else { area.sqrt().max(SIGHT_TILES) };
        Self { scenario, players, side_tiles: (open + 2.0 * MARGIN_TILES).ceil() as u32 }
    }

    /// The middle of the map.
    pub fn centre(&self) -> Position {
        let middle = self.side_tiles as i32 * UNITS_PER_TILE / 2;
        Position { x: middle, y: middle }
    }

    /// Somewhere players may begin.
    pub fn anywhere(&self, chance: &mut Chance) -> Position {
        let margin = units(MARGIN_TILES);
        let span = self.side_tiles as i32 * UNITS_PER_TILE - 2 * margin;
        loop {
            let at = Position { x: margin + chance.below(span), y: margin + chance.below(span) };
            if self.belongs(at) {
                return at;
            }
        }
    }

    /// Whether players stay here: one who strays turns back.
    pub fn belongs(&self, at: Position) -> bool {
        if self.scenario.is_dense() {
            return at.within(self.centre(), units(SIGHT_TILES / 2.0));
        }
        let (least, most) = (units(MARGIN_TILES), self.side_tiles as i32 * UNITS_PER_TILE - units(MARGIN_TILES));
        (least..most).contains(&at.x) && (least..most).contains(&at.y)
    }

    /// Where to walk for the next second or so.
    pub fn heading(&self, at: Option<Position>, chance: &mut Chance) -> Angle {
        match at {
            Some(at) if !self.belongs(at) => Angle::between(at, self.centre()),
            _ => Angle(chance.below(256) as u8),
        }
    }

    /// The character of the player of this number, as it is announced.
    pub fn character(&self, number: usize, chance: &mut Chance) -> CharacterLoad {
        let (class, weapon, jacket) = CLASSES[number % CLASSES.len()];
        let at = self.anywhere(chance);
        let id = |kind: u8, place: u8| {
            let mut bytes = [0; 16];
            bytes[0] = kind;
            bytes[1] = place;
            bytes[8..].copy_from_slice(&(number as u64 + 1).to_be_bytes());
            bytes
        };
        let worn = [(weapon, 0), (jacket, 1)];
        let items = worn.iter().zip(1..).map(|((definition, slot), place)| ItemRecord {
            item: ItemId(id(0xEE, place)),
            definition: (*definition).to_owned(),
            slot: *slot,
        });
        CharacterLoad {
            character: CharacterId(id(0xC0, 0)),
            account: AccountId(id(0xA0, 0)),
            name: format!("Load{number}"),
            class_id: class.to_owned(),
            level: LEVEL,
            experience: 4_750,
            gold: 10,
            items: items.collect(),
            look: None,
            soft: Some(SoftState {
                map: MapId(1),
                x: at.x,
                y: at.y,
                health: FULL,
                resource: FULL,
                cooldowns: Vec::new(),
                ..SoftState::default()
            }),
        }
    }
}

/// The classes of the shipped data, with what each carries.
const CLASSES: [(&str, &str, &str); 3] = [
    ("warrior", "rusty_sword", "padded_jacket"),
    ("ranger", "short_bow", "padded_jacket"),
    ("cleric", "oak_staff", "padded_jacket"),
];

/// Tiles in units.
pub fn units(tiles: f64) -> i32 {
    (tiles * f64::from(UNITS_PER_TILE)) as i32
}

#[cfg(test)]
mod tests {
    use realmgate_engine::replication::InterestRange;

    use super::*;

    #[test]
    fn in_an_open_field_about_twenty_are_in_view() {
        let sight = units(SIGHT_TILES);
        assert_eq!(InterestRange::default().enter, sight, "as the engine has it");
        // Twenty in the middle of the field, fewer at its edge: the larger it is, the less that counts.
        for (scenario, players, expected) in [
            (Scenario::Spread, 1_600, 18.0..20.0),
            (Scenario::Fight, 1_600, 18.0..20.0),
            (Scenario::Spread, 400, 16.5..19.0),
        ] {
            let at = somewhere(scenario, players);
            let others = |one: &Position| at.iter().filter(|other| one.within(**other, sight)).count() - 1;
            let mean = at.iter().map(others).sum::<usize>() as f64 / players as f64;
            assert!(expected.contains(&mean), "{mean} of {players} are in view: {scenario:?}");
        }
    }

    /// Where so many players begin.
    fn somewhere(scenario: Scenario, players: usize) -> Vec<Position> {
        let (scene, mut chance) = (Scene::new(scenario, players), Chance::new(1));
        (0..players).map(|_| scene.anywhere(&mut chance)).collect()
    }

    #[test]
    fn in_a_crowd_everybody_sees_everybody() {
        for scenario in [Scenario::Crowd, Scenario::Brawl] {
            let at = somewhere(scenario, 1_000);
            let sees_all = |one: &Position| at.iter().all(|other| one.within(*other, units(SIGHT_TILES)));
            assert!(at.iter().all(sees_all), "{scenario:?}");
        }
    }
}
