//! Spawn points: the one kind of object that every game has.

use realmgate_protocol::ids::CharacterId;
use realmgate_protocol::movement::{CollisionGrid, Position, UNITS_PER_TILE};

use super::{DrawnObject, MapObject, ObjectCheck, ObjectClass, Property, Shape};

/// Between two places of a spawn point, in units.
const STEP: i32 = UNITS_PER_TILE / 2;
/// Places that are tried before all characters share the one in the middle.
const TRIES: u64 = 16;
/// Places between two tries: a prime, so that they are spread over all of them.
const STRIDE: u64 = 7_919;

/// A named place where characters appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpawnPoint {
    /// Unique among the map's spawn points.
    pub name: String,
    /// Its position; never in a wall.
    pub position: Position,
    /// Characters appear within so many tiles of it.
    pub spread_tiles: u8,
}

impl SpawnPoint {
    /// A spawn point where all characters appear at the same position.
    pub fn new(name: impl Into<String>, position: Position) -> Self {
        Self { name: name.into(), position, spread_tiles: 0 }
    }

    /// Where a character with a body of this radius, in units, appears: others appear elsewhere, all in sight of the spawn point.
    pub fn place(&self, grid: &CollisionGrid, radius: i32, character: CharacterId) -> Position {
        // The first bytes of a UUID may be a time.
        let [.., a, b, c, d] = character.0;
        let key = u64::from(u32::from_be_bytes([a, b, c, d]));
        let reach = i32::from(self.spread_tiles) * UNITS_PER_TILE;
        let side = (2 * reach / STEP + 1) as u64;
        let tried = (0..TRIES).map(|attempt| (key + attempt * STRIDE) % (side * side));
        let mut places = tried.map(|cell| {
            let offset = |steps: u64| steps as i32 * STEP - reach;
            self.position.offset(offset(cell % side), offset(cell / side))
        });
        let is_good = |place: &Position| {
            self.position.distance_squared(*place) <= i64::from(reach) * i64::from(reach)
                && grid.is_free(*place, radius)
                && grid.line_of_sight(self.position, *place)
        };
        places.find(is_good).unwrap_or(self.position)
    }
}

impl MapObject for SpawnPoint {
    const CLASS: &'static ObjectClass = &ObjectClass {
        name: "spawn",
        noun: "spawn point",
        shape: Shape::Point,
        colour: "#ff3fb950",
        description: "Where characters appear: new characters, respawned characters, and characters that come by a portal.",
        is_required: true,
        properties: &[Property::number(
            "spread_tiles",
            0..=8,
            Some(0),
            "Radius in tiles within which characters appear, so that they do not hide each other.",
        )],
    };

    fn build(drawn: &DrawnObject) -> Option<Self> {
        let spread_tiles = drawn.number("spread_tiles")?;
        Some(Self { spread_tiles, ..Self::new(drawn.name(), drawn.position()) })
    }

    fn check(drawn: &DrawnObject, check: &mut ObjectCheck<'_>) {
        check.has_room(drawn);
    }
}
