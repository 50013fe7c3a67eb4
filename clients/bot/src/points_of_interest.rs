//! What bots know about the maps, from the server and from the command line.

use std::collections::BTreeMap;
use std::sync::Arc;

use realmgate_client::api::{Area, MapStatus, WorldStatus, tiles};
use realmgate_client::session::Grids;
use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};
use realmgate_protocol::realm::{PlaceInfo, PlaceKind};

/// The places on one map that are worth walking to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PointsOfInterest {
    /// Portals to other maps.
    pub portals: Vec<Position>,
    /// Where vendors stand.
    pub vendors: Vec<Position>,
    /// Areas where mobs live.
    pub mob_areas: Vec<Area>,
}

impl PointsOfInterest {
    /// Takes the places from the map server itself. For each kind that it sends, they replace the known ones.
    pub fn learn(&mut self, places: &[PlaceInfo]) {
        let of = |kind| places.iter().filter(move |place| place.kind == kind);
        let centre = |place: &PlaceInfo| Position { x: place.x + place.width / 2, y: place.y + place.height / 2 };
        if of(PlaceKind::Portal).next().is_some() {
            self.portals = of(PlaceKind::Portal).map(centre).collect();
        }
        if of(PlaceKind::Vendor).next().is_some() {
            self.vendors = of(PlaceKind::Vendor).map(centre).collect();
        }
        if of(PlaceKind::Mobs).next().is_some() {
            let tiles = |units: i32| f64::from(units) / f64::from(UNITS_PER_TILE);
            let area = |place: &PlaceInfo| Area {
                x: tiles(place.x),
                y: tiles(place.y),
                w: tiles(place.width),
                h: tiles(place.height),
            };
            self.mob_areas = of(PlaceKind::Mobs).map(area).collect();
        }
    }
}

/// The maps that bots know: their points of interest and their solid tiles.
#[derive(Debug, Clone, Default)]
pub struct KnownMaps {
    maps: BTreeMap<MapId, PointsOfInterest>,
    /// For maps that the server's status does not list: the portals from the command line.
    elsewhere: PointsOfInterest,
    /// Solid tiles, for prediction and pathfinding.
    pub grids: Arc<Grids>,
}

impl KnownMaps {
    /// The maps that the server's status lists; portals in tiles are added to every map.
    pub fn new(status: &WorldStatus, portals: &[(f64, f64)]) -> Self {
        let given: Vec<Position> = portals.iter().map(|(x, y)| tiles(*x, *y)).collect();
        let points = |map: &MapStatus| PointsOfInterest {
            portals: map.portals.iter().map(|portal| portal.position()).chain(given.clone()).collect(),
            vendors: map.vendors.iter().map(|spot| spot.position()).collect(),
            mob_areas: map.mob_areas.clone(),
        };
        let maps = status.maps.iter().map(|map| (MapId(map.map_id), points(map))).collect();
        let grids = status.maps.iter().filter_map(|map| Some((MapId(map.map_id), Arc::new(map.grid()?)))).collect();
        Self {
            maps,
            elsewhere: PointsOfInterest { portals: given, ..PointsOfInterest::default() },
            grids: Arc::new(grids),
        }
    }

    /// What is known about a map.
    pub fn of(&self, map: MapId) -> &PointsOfInterest {
        self.maps.get(&map).unwrap_or(&self.elsewhere)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use realmgate_client::api::Portal;

    #[test]
    fn a_map_server_knows_its_own_places() {
        let place = |kind, x, (width, height)| PlaceInfo { kind, x, y: 2_048, width, height, to_map: 0 };
        let known = Area { x: 9.0, y: 9.0, w: 1.0, h: 1.0 };
        let mut points =
            PointsOfInterest { portals: vec![tiles(9.0, 9.0)], vendors: vec![tiles(9.0, 9.0)], mob_areas: vec![known] };
        points.learn(&[place(PlaceKind::Vendor, 1_024, (0, 0)), place(PlaceKind::Mobs, 4_096, (2_048, 3_072))]);
        assert_eq!(points.portals, [tiles(9.0, 9.0)], "what it does not tell stays as it was");
        assert_eq!(points.vendors, [tiles(1.0, 2.0)], "and what it tells is all there is");
        assert_eq!(points.mob_areas, [Area { x: 4.0, y: 2.0, w: 2.0, h: 3.0 }]);
        let before = points.clone();
        points.learn(&[place(PlaceKind::Portal, 1_024, (2_048, 4_096))]);
        assert_eq!(points, PointsOfInterest { portals: vec![tiles(2.0, 4.0)], ..before });
    }

    #[test]
    fn portals_come_from_the_server_and_the_command_line() {
        let map = MapStatus {
            map_id: 2,
            width: 2,
            height: 1,
            solid: vec!["#.".to_owned()],
            portals: vec![Portal { x: 1.0, y: 2.0, to_map: 1 }],
            ..MapStatus::default()
        };
        let maps = KnownMaps::new(&WorldStatus { maps: vec![map], ..WorldStatus::default() }, &[(9.0, 9.0)]);
        assert_eq!(maps.of(MapId(2)).portals, [tiles(1.0, 2.0), tiles(9.0, 9.0)]);
        assert_eq!(maps.of(MapId(7)).portals, [tiles(9.0, 9.0)]);
        assert!(maps.grids.contains_key(&MapId(2)) && !maps.grids.contains_key(&MapId(7)));
    }
}
