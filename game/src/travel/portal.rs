//! Portals as they are drawn on maps.

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;
use realmgate_engine::map::{
    DrawnObject, Map, MapObject, MapSet, ObjectCheck, ObjectClass, Property, Rect, Shape, SpawnPoint,
};
use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};

/// A way to another place: a player that steps into it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portal {
    /// Unique among the map's portals.
    pub name: String,
    /// The area that one has to step into.
    pub rect: Rect,
    /// The map it leads to.
    pub to_map: MapId,
    /// The name of the spawn point there.
    pub to_spawn: String,
}

impl MapObject for Portal {
    const CLASS: &'static ObjectClass = &ObjectClass {
        name: "portal",
        noun: "portal",
        shape: Shape::Rectangle,
        colour: "#ff8250df",
        description: "Characters that step into it travel.",
        is_required: false,
        properties: &[
            Property::number("to_map", 1..=65_535, None, "Number of the map that it leads to."),
            Property::name("to_spawn", "Name of the spawn point on that map."),
        ],
    };

    fn build(drawn: &DrawnObject) -> Option<Self> {
        Some(Self {
            name: drawn.name().to_owned(),
            rect: drawn.rect(),
            to_map: MapId(drawn.number("to_map")?),
            to_spawn: drawn.text("to_spawn")?.to_owned(),
        })
    }

    fn check(drawn: &DrawnObject, check: &mut ObjectCheck<'_>) {
        check.has_open_tile(drawn);
        check.leads_somewhere(drawn, "to_map", "to_spawn");
        let reaches_it = |spawn: &&DrawnObject| {
            let spread = spawn.number::<i64>("spread_tiles").unwrap_or(0) * i64::from(UNITS_PER_TILE);
            let rect = drawn.rect();
            rect.contains(spawn.position()) || rect.distance_squared(spawn.position()) < spread * spread
        };
        for spawn in check.all::<SpawnPoint>().filter(reaches_it) {
            let message = format!("the spawn point `{}` overlaps the portal `{}`", spawn.name(), drawn.name());
            check.fault(spawn, "", message, "a place beside the portal, or arriving characters travel on at once");
        }
    }
}

/// The portals of a channel's map.
#[derive(Resource, Debug)]
pub(super) struct Portals(Vec<Portal>);

impl Portals {
    pub(super) fn of(map: &Map) -> Self {
        Self(map.all::<Portal>().to_vec())
    }

    /// The portal that a point lies in, if any.
    pub(super) fn at(&self, at: Position) -> Option<&Portal> {
        self.0.iter().find(|portal| portal.rect.contains(at))
    }
}

/// The maps that can be reached through portals from one map, itself included.
pub fn reachable_from(maps: &MapSet, start: MapId) -> BTreeSet<MapId> {
    let mut reached = BTreeSet::new();
    let mut next = vec![start];
    while let Some(id) = next.pop() {
        let Some(map) = maps.get(id) else { continue };
        if reached.insert(map.id) {
            next.extend(map.all::<Portal>().iter().map(|portal| portal.to_map).filter(|to| !reached.contains(to)));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::sketch;

    #[test]
    fn portals_say_what_can_be_reached() {
        let map = |id: u16, to: &[u16]| {
            let mut map = sketch(MapId(id), &["S....."]).unwrap();
            for (x, to) in (1..).zip(to) {
                let (name, to_spawn) = (format!("gate{x}"), "start".to_owned());
                map.add(Portal { name, rect: Rect::of_tiles((x, 0), (1, 1)), to_map: MapId(*to), to_spawn });
            }
            map
        };
        // Map 3 has three portals, of which one leads to a map that is not there; map 5 has none.
        let maps = [map(1, &[2]), map(2, &[1]), map(3, &[1, 8, 4]), map(4, &[5]), map(5, &[]), map(6, &[3])];
        let maps: MapSet = maps.into_iter().collect();
        let reached = |from: u16| reachable_from(&maps, MapId(from)).into_iter().map(|id| id.0).collect::<Vec<_>>();
        assert_eq!(reached(1), [1, 2]);
        assert_eq!(reached(3), [1, 2, 3, 4, 5], "through each of its portals, and on from there");
        assert_eq!(reached(5), [5]);
        assert!(reached(9).is_empty());
    }
}
