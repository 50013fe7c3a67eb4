//! Mob areas, as they are drawn on maps.

use realmgate_engine::data::{Faults, one_of};
use realmgate_engine::map::{DrawnObject, Map, MapObject, ObjectCheck, ObjectClass, Property, Rect, Shape};

use crate::data::GameData;

/// An area where mobs of one kind live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MobArea {
    /// Unique among the map's mob areas.
    pub name: String,
    /// Holds at least one whole tile that is not solid.
    pub rect: Rect,
    /// The mob's content id.
    pub mob: String,
    /// Number of mobs that live here at once.
    pub count: u32,
    /// Milliseconds from a death to the next spawn.
    pub respawn_ms: u32,
    /// Overrides the level that the mob's own data gives; `None` keeps that level.
    pub level: Option<u8>,
}

impl MapObject for MobArea {
    const CLASS: &'static ObjectClass = &ObjectClass {
        name: "mobs",
        noun: "mob area",
        shape: Shape::Rectangle,
        colour: "#ffd1242f",
        description: "An area where mobs of one kind live.",
        is_required: false,
        properties: &[
            Property::name("mob", "Id of the mob in the data files."),
            Property::number("count", 1..=500, Some(1), "Number of mobs that live here at once."),
            Property::number(
                "respawn_ms",
                1_000..=86_400_000,
                Some(30_000),
                "Milliseconds from the death of a mob until another one spawns.",
            ),
            Property::number("level", 0..=255, Some(0), "Level of these mobs; 0 keeps the level in the mob's data."),
        ],
    };

    fn build(drawn: &DrawnObject) -> Option<Self> {
        Some(Self {
            name: drawn.name().to_owned(),
            rect: drawn.rect(),
            mob: drawn.text("mob")?.to_owned(),
            count: drawn.number("count")?,
            respawn_ms: drawn.number("respawn_ms")?,
            level: Some(drawn.number("level")?).filter(|level| *level > 0),
        })
    }

    fn check(drawn: &DrawnObject, check: &mut ObjectCheck<'_>) {
        check.has_open_tile(drawn);
    }
}

impl MobArea {
    /// Finds mobs on a map that the data do not have.
    pub(crate) fn check_data(map: &Map, data: &GameData, faults: &mut Faults) {
        for area in map.all::<Self>().iter().filter(|area| data.mobs.find(&area.mob).is_none()) {
            let message = format!("there is no mob `{}`", area.mob);
            faults.push(map.fault::<Self>(&area.name, "mob", message, one_of(&area.mob, data.mobs.ids())));
        }
    }
}
