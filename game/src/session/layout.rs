//! The map layout that is sent to clients.

use realmgate_engine::map::{Map, Rect};
use realmgate_protocol::codec::encode_split;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{PlaceInfo, PlaceKind, ServerMessage};

use crate::combat::SafeZone;
use crate::spawn::MobArea;
use crate::travel::Portal;
use crate::vendor::VendorSpot;

/// The map as a message. A map too intricate for one message is sent without its tiles: its clients must have them.
pub(super) fn layout(map: &Map) -> ServerMessage {
    let message = |runs: Vec<u32>| ServerMessage::MapLayout {
        map: map.id,
        width: map.grid.width() as u16,
        height: map.grid.height() as u16,
        runs,
        places: places(map),
    };
    let whole = message(map.grid.to_runs());
    if encode_split(&whole).is_ok() { whole } else { message(Vec::new()) }
}

fn places(map: &Map) -> Vec<PlaceInfo> {
    let portals = map.all::<Portal>().iter().map(|portal| area(PlaceKind::Portal, &portal.rect, portal.to_map.0));
    let zones = map.all::<SafeZone>().iter().map(|zone| area(PlaceKind::SafeZone, &zone.rect, 0));
    let mobs = map.all::<MobArea>().iter().map(|mobs| area(PlaceKind::Mobs, &mobs.rect, 0));
    let vendors = map.all::<VendorSpot>().iter().map(|vendor| point(PlaceKind::Vendor, vendor.position));
    portals.chain(zones).chain(mobs).chain(vendors).collect()
}

fn area(kind: PlaceKind, rect: &Rect, to_map: u16) -> PlaceInfo {
    let (width, height) = (rect.max.x - rect.min.x, rect.max.y - rect.min.y);
    PlaceInfo { kind, x: rect.min.x, y: rect.min.y, width, height, to_map }
}

fn point(kind: PlaceKind, at: Position) -> PlaceInfo {
    PlaceInfo { kind, x: at.x, y: at.y, width: 0, height: 0, to_map: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::sketch;
    use realmgate_protocol::ids::MapId;
    use realmgate_protocol::movement::CollisionGrid;

    #[test]
    fn a_client_can_rebuild_the_grid() {
        let map = sketch(MapId(1), &["..#", "S.#"]).unwrap();
        let ServerMessage::MapLayout { width, height, runs, places, .. } = layout(&map) else { panic!("no layout") };
        assert_eq!(CollisionGrid::from_runs(width.into(), height.into(), &runs).as_ref(), Some(&map.grid));
        assert_eq!(places[0].kind, PlaceKind::SafeZone);
    }

    #[test]
    fn a_map_too_intricate_is_told_without_its_tiles() {
        let row = "#.".repeat(300);
        let other = ".#".repeat(300);
        let rows: Vec<&str> = (0..300).map(|y| if y % 2 == 0 { row.as_str() } else { other.as_str() }).collect();
        let map = sketch(MapId(1), &rows).unwrap();
        let places = vec![PlaceInfo { kind: PlaceKind::SafeZone, x: 0, y: 0, width: 1_024, height: 1_024, to_map: 0 }];
        let told = ServerMessage::MapLayout { map: MapId(1), width: 600, height: 300, runs: Vec::new(), places };
        assert_eq!(layout(&map), told, "all the rest is there");
    }
}
