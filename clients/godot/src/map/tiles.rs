//! A map of Tiled's as Godot's tile map layers.
//!
//! `engine/src/map/features.rs` lists what is drawn of such maps; about all else the server's check warns, or refuses the map.

use std::collections::BTreeMap;
use std::io::{Cursor, Error, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use godot::classes::{Image, ImageTexture, Texture2D, TileMapLayer, TileSet, TileSetAtlasSource};
use godot::prelude::*;
use realmgate_protocol::limits::MAX_MAP_TILES;
use tiled::{Layer, LayerTile, LayerType, Loader, Map, Properties, PropertyValue, TileLayer, Tileset};

use super::extent::{self, Extent};
use super::looks::Look;

/// Godot's bits of an alternative tile that turn it around.
const FLIP_H: i32 = 1 << 12;
const FLIP_V: i32 = 1 << 13;
const TRANSPOSE: i32 = 1 << 14;
/// The alternative of a tile that lies on its side: a larger one reaches over others than when it stands.
const LYING: i32 = 1;

/// Files by their names, as maps refer to them.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Why a map cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// Tiled's files have a fault.
    #[error(transparent)]
    Tiled(#[from] tiled::Error),
    /// A map is not XML.
    #[error(transparent)]
    Xml(#[from] roxmltree::Error),
    /// A map has more tiles than any server accepts.
    #[error("the map has {0} × {1} tiles, more than {MAX_MAP_TILES} × {MAX_MAP_TILES}")]
    TooLarge(i32, i32),
    /// A tileset has no picture, or one that cannot be read.
    #[error("the tileset {0} has no readable picture")]
    Picture(String),
}

/// A map, ready to be put into a scene: its layers from the lowest up, and the size of its tiles in pixels.
pub struct DrawnMap {
    /// One for each layer of tiles.
    pub layers: Vec<Gd<TileMapLayer>>,
    /// Width of a tile.
    pub tile_width: u32,
}

/// Draws the map of this name.
///
/// # Errors
/// What is wrong with its files.
pub fn draw(name: &str, files: &Files) -> Result<DrawnMap, MapError> {
    let written = files.get(name).map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
    let text = extent::with_csv(&written)?;
    let read = |path: &Path| {
        let wanted = plain(path);
        if wanted == name {
            return Ok(Cursor::new(text.clone().into_bytes()));
        }
        let missing = || Error::new(ErrorKind::NotFound, format!("there is no {wanted}"));
        files.get(&wanted).map(|bytes| Cursor::new(bytes.clone())).ok_or_else(missing)
    };
    let map = Loader::with_reader(read).load_tmx_map(name)?;
    let (set, sources) = tile_set(&map, files)?;
    let mut shown = Vec::new();
    find_layers(map.layers().collect(), true, 1.0, &mut shown);
    let all: Vec<&TileLayer<'_>> = shown.iter().map(|layer| &layer.tiles).collect();
    let extent = match extent::of_chunks(&text, &all)? {
        Some(extent) => extent,
        None => Extent { left: 0, top: 0, width: map.width as i32, height: map.height as i32 },
    };
    if extent.width.max(extent.height) > MAX_MAP_TILES as i32 {
        return Err(MapError::TooLarge(extent.width, extent.height));
    }
    let layers = shown.iter().map(|layer| {
        let mut drawn = TileMapLayer::new_alloc();
        drawn.set_name(&GString::from(layer.name.as_str()));
        drawn.set_tile_set(&set);
        drawn.set_visible(layer.is_visible);
        drawn.set_modulate(Color::from_rgba(1.0, 1.0, 1.0, layer.opacity));
        let tiles = &layer.tiles;
        for (x, y) in extent.places() {
            if let Some(tile) = tiles.get_tile(x, y) {
                let at = (x - extent.left, y - extent.top);
                let look = Look::of(tiles, &tile, (x, y), at);
                put(&mut drawn, Vector2i::new(at.0, at.1), &tile, &look, &sources);
            }
        }
        drawn
    });
    Ok(DrawnMap { layers: layers.collect(), tile_width: map.tile_width })
}

/// A layer of tiles, with what the groups around it say of it.
struct ShownLayer<'m> {
    name: String,
    tiles: TileLayer<'m>,
    is_visible: bool,
    opacity: f32,
}

/// Finds the layers of tiles, also those in groups, from the lowest up.
fn find_layers<'m>(layers: Vec<Layer<'m>>, is_visible: bool, opacity: f32, found: &mut Vec<ShownLayer<'m>>) {
    for layer in layers {
        let (is_visible, opacity) = (is_visible && layer.visible, opacity * layer.opacity);
        match layer.layer_type() {
            LayerType::Tiles(tiles) => found.push(ShownLayer { name: layer.name.clone(), tiles, is_visible, opacity }),
            LayerType::Group(group) => find_layers(group.layers().collect(), is_visible, opacity, found),
            LayerType::Objects(_) | LayerType::Image(_) => {}
        }
    }
}

fn put(layer: &mut Gd<TileMapLayer>, at: Vector2i, tile: &LayerTile<'_>, look: &Look, sources: &[Source]) {
    let mut turned = 0;
    for (is_set, bit) in [(look.flip_h, FLIP_H), (tile.flip_v, FLIP_V), (tile.flip_d, TRANSPOSE)] {
        turned |= if is_set { bit } else { 0 };
    }
    let (source, place) = match sources.get(tile.tileset_index()) {
        Some(Source::Sheet(source)) => (*source, in_atlas(tile.get_tileset(), look.id)),
        Some(Source::Collection(images)) => {
            let Some(source) = images.get(&look.id) else { return };
            (*source, Vector2i::ZERO)
        }
        None => return,
    };
    turned |= if tile.flip_d { LYING } else { 0 };
    layer.set_cell_ex(at).source_id(source).atlas_coords(place).alternative_tile(turned).done();
}

/// What Godot has the tiles of a tileset in.
enum Source {
    /// One picture, from which all are cut.
    Sheet(i32),
    /// A picture for each, by its id.
    Collection(BTreeMap<u32, i32>),
}

/// The tilesets of a map as one of Godot's, and the source of each in it.
fn tile_set(map: &Map, files: &Files) -> Result<(Gd<TileSet>, Vec<Source>), MapError> {
    let mut set = TileSet::new_gd();
    set.set_tile_size(Vector2i::new(map.tile_width as i32, map.tile_height as i32));
    let sources = map.tilesets().iter().map(|tileset| match &tileset.image {
        Some(image) => sheet(tileset, &image.source, &mut set, files),
        None => Ok(collection(tileset, &mut set, files)),
    });
    let sources = sources.collect::<Result<_, MapError>>()?;
    Ok((set, sources))
}

/// Gives a tile its properties as custom data.
fn describe(properties: &Properties, set: &mut Gd<TileSet>, atlas: &Gd<TileSetAtlasSource>, place: Vector2i) {
    for (name, value) in properties {
        let value = match value {
            PropertyValue::BoolValue(value) => value.to_variant(),
            PropertyValue::IntValue(value) => value.to_variant(),
            PropertyValue::FloatValue(value) => value.to_variant(),
            PropertyValue::StringValue(value) => value.to_variant(),
            _ => continue,
        };
        let name = GString::from(name.as_str());
        if set.get_custom_data_layer_by_name(&name) < 0 {
            let layer = set.get_custom_data_layers_count();
            set.add_custom_data_layer();
            set.set_custom_data_layer_name(layer, &name);
            set.set_custom_data_layer_type(layer, value.get_type());
        }
        for alternative in 0..atlas.get_alternative_tiles_count(place) {
            if let Some(mut data) = atlas.get_tile_data(place, alternative) {
                data.set_custom_data(&name, &value);
            }
        }
    }
}

/// The picture in a file; `None` if it is not there or cannot be read.
fn texture(source: &Path, files: &Files) -> Option<Gd<Texture2D>> {
    let bytes = files.get(&plain(source))?;
    let mut image = Image::new_gd();
    if image.load_png_from_buffer(&PackedByteArray::from(bytes.as_slice())) != godot::global::Error::OK {
        return None;
    }
    Some(ImageTexture::create_from_image(&image)?.upcast())
}

/// The images of a collection. One that is not there is not drawn.
fn collection(tileset: &Tileset, set: &mut Gd<TileSet>, files: &Files) -> Source {
    let images = tileset.tiles().filter_map(|(id, tile)| {
        let texture = texture(&tile.image.as_ref()?.source, files)?;
        let mut atlas = TileSetAtlasSource::new_gd();
        atlas.set_texture(&texture);
        atlas.set_texture_region_size(Vector2i::new(texture.get_width(), texture.get_height()));
        add_tile(&mut atlas, Vector2i::ZERO, tileset, set.get_tile_size());
        let source = set.add_source(&atlas);
        describe(&tile.properties, set, &atlas, Vector2i::ZERO);
        Some((id, source))
    });
    Source::Collection(images.collect())
}

/// Adds a tile, whose lower left corner is that of its cell, but for the tileset's offset.
fn add_tile(atlas: &mut Gd<TileSetAtlasSource>, place: Vector2i, tileset: &Tileset, cell: Vector2i) {
    atlas.create_tile(place);
    atlas.create_alternative_tile(place);
    let Vector2i { x: width, y: height } = atlas.get_texture_region_size();
    let offset = Vector2i::new(tileset.offset_x, tileset.offset_y);
    // How far the middle of the cell is from that of the picture.
    let origin = |width, height| Vector2i::new(cell.x - width, height - cell.y) / 2 - offset;
    for (alternative, origin) in [(0, origin(width, height)), (LYING, origin(height, width))] {
        if let Some(mut data) = atlas.get_tile_data(place, alternative) {
            data.set_texture_origin(origin);
        }
    }
}

/// The tiles that are cut from one picture.
fn sheet(tileset: &Arc<Tileset>, image: &Path, set: &mut Gd<TileSet>, files: &Files) -> Result<Source, MapError> {
    let texture = texture(image, files).ok_or_else(|| MapError::Picture(tileset.name.clone()))?;
    let mut atlas = TileSetAtlasSource::new_gd();
    atlas.set_texture(&texture);
    atlas.set_texture_region_size(Vector2i::new(tileset.tile_width as i32, tileset.tile_height as i32));
    atlas.set_margins(Vector2i::splat(tileset.margin as i32));
    atlas.set_separation(Vector2i::splat(tileset.spacing as i32));
    for id in 0..tileset.tilecount {
        add_tile(&mut atlas, in_atlas(tileset, id), tileset, set.get_tile_size());
    }
    let source = set.add_source(&atlas);
    for (id, tile) in tileset.tiles() {
        describe(&tile.properties, set, &atlas, in_atlas(tileset, id));
    }
    Ok(Source::Sheet(source))
}

fn in_atlas(tileset: &Tileset, id: u32) -> Vector2i {
    let columns = tileset.columns.max(1);
    Vector2i::new((id % columns) as i32, (id / columns) as i32)
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> String {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => plain.push(part),
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    plain.to_string_lossy().into_owned()
}
