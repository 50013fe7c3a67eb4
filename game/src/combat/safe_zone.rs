//! Safe zones: as they are drawn on maps, who stands in one, and where those who died return.

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::map::{DrawnObject, Map, MapObject, ObjectCheck, ObjectClass, Property, Rect, Shape, SpawnPoint};
use realmgate_engine::player::Player;
use realmgate_protocol::movement::Position;

use super::InSafeZone;

/// An area where characters cannot be attacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafeZone {
    /// Unique among the map's safe zones.
    pub name: String,
    /// The area.
    pub rect: Rect,
    /// The name of the spawn point at which characters that died nearby return.
    pub respawn: String,
}

impl MapObject for SafeZone {
    const CLASS: &'static ObjectClass = &ObjectClass {
        name: "safe_zone",
        noun: "safe zone",
        shape: Shape::Rectangle,
        colour: "#ff0969da",
        description: "An area where characters cannot be attacked.",
        is_required: true,
        properties: &[Property::name("respawn", "Name of the spawn point where characters that died nearby respawn.")],
    };

    fn build(drawn: &DrawnObject) -> Option<Self> {
        let respawn = drawn.text("respawn")?.to_owned();
        Some(Self { name: drawn.name().to_owned(), rect: drawn.rect(), respawn })
    }

    fn check(drawn: &DrawnObject, check: &mut ObjectCheck<'_>) {
        let Some(spawn) = check.spawn_point(drawn, "respawn") else { return };
        if !check.all::<Self>().any(|zone| zone.rect().contains(spawn.position())) {
            let message = format!("the spawn point `{}` is outside every safe zone", spawn.name());
            let expected = "a spawn point in a safe zone, or respawned characters may die at once";
            check.fault(drawn, "respawn", message, expected);
        }
    }
}

/// The safe zones of a channel's map.
#[derive(Resource, Debug)]
pub struct SafeZones {
    zones: Vec<Zone>,
    first_spawn: Option<SpawnPoint>,
}

#[derive(Debug)]
struct Zone {
    rect: Rect,
    respawn: Option<SpawnPoint>,
}

impl SafeZones {
    /// The safe zones of a map.
    pub fn of(map: &Map) -> Self {
        let respawn = |zone: &SafeZone| map.spawn_point(&zone.respawn).cloned();
        let zones = map.all::<SafeZone>().iter().map(|zone| Zone { rect: zone.rect, respawn: respawn(zone) });
        Self { zones: zones.collect(), first_spawn: map.spawn_points().first().cloned() }
    }

    /// Whether a point lies in a safe zone.
    pub fn contain(&self, at: Position) -> bool {
        self.areas().any(|area| area.contains(at))
    }

    /// The area of each.
    pub fn areas(&self) -> impl Iterator<Item = &Rect> {
        self.zones.iter().map(|zone| &zone.rect)
    }

    /// Where a character that died at `at` returns: the spawn point that the nearest safe zone names.
    pub fn respawn_for(&self, at: Position) -> Option<&SpawnPoint> {
        let nearest = self.zones.iter().min_by_key(|zone| zone.rect.distance_squared(at));
        nearest.and_then(|zone| zone.respawn.as_ref()).or(self.first_spawn.as_ref())
    }
}

type Walker<'a> = (Entity, &'a At, Has<InSafeZone>);

/// Marks players that have entered a safe zone, and unmarks those that have left it.
pub(super) fn mark_safe(
    mut commands: Commands<'_, '_>,
    zones: Res<SafeZones>,
    moved: Query<Walker<'_>, (With<Player>, Changed<At>)>,
) {
    for (player, at, marked) in &moved {
        match (zones.contain(at.0), marked) {
            (true, false) => {
                commands.entity(player).insert(InSafeZone);
            }
            (false, true) => {
                commands.entity(player).remove::<InSafeZone>();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::ids::MapId;

    use super::*;

    #[test]
    fn who_dies_returns_to_the_spawn_point_of_the_nearest_safe_zone() {
        let mut map = Map::sketch(MapId(1), &["S...", "....", "...."]).unwrap();
        map.add(SpawnPoint::new("camp", Position::tile_centre(3, 2)));
        let zone = |name: &str, at, respawn: &str| {
            let (name, respawn) = (name.to_owned(), respawn.to_owned());
            SafeZone { name, rect: Rect::of_tiles(at, (1, 1)), respawn }
        };
        map.set(vec![zone("town", (0, 0), "start"), zone("tents", (3, 2), "camp"), zone("ford", (3, 0), "start")]);
        let zones = SafeZones::of(&map);
        let respawn_for = |x, y| zones.respawn_for(Position::tile_centre(x, y)).map(|spawn| spawn.name.as_str());
        assert_eq!((respawn_for(1, 0), respawn_for(2, 2)), (Some("start"), Some("camp")));
        assert_eq!(respawn_for(3, 0), Some("start"), "the zone names it, though the camp is nearer");
        assert!(zones.contain(Position::tile_centre(3, 2)) && !zones.contain(Position::tile_centre(2, 2)));
    }
}
