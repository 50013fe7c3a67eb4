//! Builds a [`Map`] from a checked file, with the `tiled` crate.

use std::collections::BTreeMap;
use std::io::{Cursor, Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::{CollisionGrid, Position};
use tiled::{LayerType, Loader, ObjectData, ObjectShape, PropertyValue};

use super::ObjectKind;
use super::check::{SOLID, Shelf, Survey, units};
use super::classes::ObjectClass;
use super::world::{Map, MobArea, Origin, Portal, Rect, SafeZone, SpawnPoint, VendorSpot};
use crate::data::Fault;

/// Builds a map that has passed the check. If the `tiled` crate refuses it nevertheless, that is a fault of the file.
pub(super) fn build(id: MapId, name: &str, survey: &Survey, shelf: &Shelf) -> Result<Map, Fault> {
    let file = survey.source.file();
    let drawn = load(survey, shelf).map_err(|error| {
        Fault::of_file(file, format!("the map cannot be loaded: {error}"), "a map as Tiled saves it")
    })?;
    let open = CollisionGrid::open(drawn.width, drawn.height);
    let grid = open.ok_or_else(|| Fault::of_file(file, "the map's size is wrong", "1 to 4,096 tiles a side"))?;
    let mut map = Map {
        id,
        name: name.to_owned(),
        grid,
        spawn_points: Vec::new(),
        mob_areas: Vec::new(),
        portals: Vec::new(),
        safe_zones: Vec::new(),
        vendors: Vec::new(),
        origin: origin(survey),
    };
    drawn.layers().for_each(|layer| add_layer(&mut map, layer, drawn.tile_width));
    Ok(map)
}

/// Reads the texts that were checked, not the files, which may have changed since.
fn load(survey: &Survey, shelf: &Shelf) -> tiled::Result<tiled::Map> {
    let mut texts: BTreeMap<PathBuf, Arc<str>> = shelf.texts.clone();
    texts.insert(survey.source.file().to_owned(), survey.source.shared_text());
    let read = move |path: &Path| -> Result<Cursor<Vec<u8>>, Error> {
        let text = texts.get(path).ok_or_else(|| Error::new(ErrorKind::NotFound, "not among the checked files"))?;
        Ok(Cursor::new(text.as_bytes().to_vec()))
    };
    Loader::with_reader(read).load_tmx_map(survey.source.file())
}

fn origin(survey: &Survey) -> Origin {
    let mut spans = BTreeMap::new();
    for object in survey.objects.iter().flatten() {
        let key = |property: &str| (object.class.kind, object.name.clone(), property.to_owned());
        spans.insert(key(""), object.span.clone());
        for (property, (_, span)) in &object.properties {
            spans.insert(key(property), span.clone());
        }
    }
    Origin { source: survey.source.clone(), spans }
}

fn add_layer(map: &mut Map, layer: tiled::Layer<'_>, tile_pixels: u32) {
    match layer.layer_type() {
        LayerType::Tiles(tiles) => add_walls(&mut map.grid, &tiles),
        LayerType::Objects(objects) => objects.objects().for_each(|object| add_object(map, &object, tile_pixels)),
        LayerType::Group(group) => group.layers().for_each(|layer| add_layer(map, layer, tile_pixels)),
        LayerType::Image(_) => {}
    }
}

fn add_walls(grid: &mut CollisionGrid, tiles: &tiled::TileLayer<'_>) {
    for y in 0..grid.height() {
        for x in 0..grid.width() {
            let placed = tiles.get_tile(x as i32, y as i32);
            if placed.and_then(|placed| placed.get_tile()).is_some_and(|tile| is_solid(&tile)) {
                grid.set_solid(x, y, true);
            }
        }
    }
}

fn is_solid(tile: &tiled::Tile<'_>) -> bool {
    tile.properties.get(SOLID) == Some(&PropertyValue::BoolValue(true))
}

fn add_object(map: &mut Map, object: &ObjectData, tile_pixels: u32) {
    let Some(class) = ObjectClass::named(&object.user_type) else { return };
    let corner = |x: f32, y: f32| Position { x: units(x, tile_pixels), y: units(y, tile_pixels) };
    let position = corner(object.x, object.y);
    let (width, height) = match object.shape {
        ObjectShape::Rect { width, height } => (width, height),
        _ => (0.0, 0.0),
    };
    let rect = Rect { min: position, max: corner(object.x + width, object.y + height) };
    let name = object.name.clone();
    let text = |property: &str| text(object, property);
    let number = |property: &str| number(object, class, property);
    match class.kind {
        ObjectKind::Spawn => map.spawn_points.push(SpawnPoint { name, position }),
        ObjectKind::Mobs => map.mob_areas.push(MobArea {
            name,
            rect,
            mob: text("mob"),
            count: number("count"),
            respawn_ms: number("respawn_ms"),
            level: u8::try_from(number("level")).ok().filter(|level| *level > 0),
        }),
        ObjectKind::Portal => {
            let to_map = MapId(u16::try_from(number("to_map")).unwrap_or_default());
            map.portals.push(Portal { name, rect, to_map, to_spawn: text("to_spawn") });
        }
        ObjectKind::SafeZone => map.safe_zones.push(SafeZone { name, rect, respawn: text("respawn") }),
        ObjectKind::Vendor => map.vendors.push(VendorSpot { name, vendor: text("vendor"), position }),
    }
}

fn text(object: &ObjectData, property: &str) -> String {
    match object.properties.get(property) {
        Some(PropertyValue::StringValue(text)) => text.clone(),
        _ => String::new(),
    }
}

/// A number, or its default: Tiled writes no property that has the default of its class.
fn number(object: &ObjectData, class: &ObjectClass, property: &str) -> u32 {
    let written = match object.properties.get(property) {
        Some(PropertyValue::IntValue(number)) => Some(i64::from(*number)),
        _ => None,
    };
    let default = || class.properties.iter().find(|declared| declared.name == property)?.default_number();
    written.or_else(default).and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}
