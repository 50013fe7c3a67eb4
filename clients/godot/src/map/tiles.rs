//! A map of Tiled's as Godot's tile map layers.

use std::collections::BTreeMap;
use std::io::{Cursor, Error, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use godot::classes::{Image, ImageTexture, TileMapLayer, TileSet, TileSetAtlasSource};
use godot::prelude::*;
use tiled::{LayerTile, Loader, Map, PropertyValue, Tileset};

use super::looks::Look;

/// Godot's bits of an alternative tile that turn it around.
const FLIP_H: i32 = 1 << 12;
const FLIP_V: i32 = 1 << 13;
const TRANSPOSE: i32 = 1 << 14;

/// Files by their names, as maps refer to them.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Why a map cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// Tiled's files have a fault.
    #[error(transparent)]
    Tiled(#[from] tiled::Error),
    /// A tileset has no picture, or one that cannot be read.
    #[error("the tileset {0} has no picture that can be read")]
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
    let read = |path: &Path| {
        let name = plain(path);
        let missing = || Error::new(ErrorKind::NotFound, format!("there is no {name}"));
        files.get(&name).map(|bytes| Cursor::new(bytes.clone())).ok_or_else(missing)
    };
    let map = Loader::with_reader(read).load_tmx_map(name)?;
    let (set, sources) = tile_set(&map, files)?;
    let layers = map.layers().filter_map(|layer| {
        let tiles = layer.as_tile_layer()?;
        let mut drawn = TileMapLayer::new_alloc();
        drawn.set_name(&GString::from(layer.name.as_str()));
        drawn.set_tile_set(&set);
        drawn.set_visible(layer.visible);
        let (width, height) = (tiles.width().unwrap_or(map.width), tiles.height().unwrap_or(map.height));
        for (x, y) in (0..height as i32).flat_map(|y| (0..width as i32).map(move |x| (x, y))) {
            if let Some(tile) = tiles.get_tile(x, y) {
                let look = Look::of(&tiles, &tile, (x, y));
                put(&mut drawn, Vector2i::new(x, y), &tile, &look, &sources);
            }
        }
        Some(drawn)
    });
    Ok(DrawnMap { layers: layers.collect(), tile_width: map.tile_width })
}

fn put(layer: &mut Gd<TileMapLayer>, at: Vector2i, tile: &LayerTile<'_>, look: &Look, sources: &[i32]) {
    let Some(source) = sources.get(tile.tileset_index()) else { return };
    let mut turned = 0;
    for (is_set, bit) in [(look.flip_h, FLIP_H), (tile.flip_v, FLIP_V), (tile.flip_d, TRANSPOSE)] {
        turned |= if is_set { bit } else { 0 };
    }
    let place = in_atlas(tile.get_tileset(), look.id);
    layer.set_cell_ex(at).source_id(*source).atlas_coords(place).alternative_tile(turned).done();
}

/// The tilesets of a map as one of Godot's, and the source of each in it.
fn tile_set(map: &Map, files: &Files) -> Result<(Gd<TileSet>, Vec<i32>), MapError> {
    let mut set = TileSet::new_gd();
    set.set_tile_size(Vector2i::new(map.tile_width as i32, map.tile_height as i32));
    let sources = map.tilesets().iter().map(|tileset| {
        let mut atlas = atlas(tileset, files)?;
        let source = set.add_source(&atlas);
        describe(tileset, &mut set, &mut atlas);
        Ok(source)
    });
    let sources = sources.collect::<Result<_, MapError>>()?;
    Ok((set, sources))
}

/// Gives tiles their properties as custom data.
fn describe(tileset: &Tileset, set: &mut Gd<TileSet>, atlas: &mut Gd<TileSetAtlasSource>) {
    for (id, tile) in tileset.tiles() {
        for (name, value) in &tile.properties {
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
            if let Some(mut data) = atlas.get_tile_data(in_atlas(tileset, id), 0) {
                data.set_custom_data(&name, &value);
            }
        }
    }
}

fn atlas(tileset: &Arc<Tileset>, files: &Files) -> Result<Gd<TileSetAtlasSource>, MapError> {
    let unreadable = || MapError::Picture(tileset.name.clone());
    let source = &tileset.image.as_ref().ok_or_else(unreadable)?.source;
    let bytes = files.get(&plain(source)).ok_or_else(unreadable)?;
    let mut image = Image::new_gd();
    if image.load_png_from_buffer(&PackedByteArray::from(bytes.as_slice())) != godot::global::Error::OK {
        return Err(unreadable());
    }
    let texture = ImageTexture::create_from_image(&image).ok_or_else(unreadable)?;
    let mut atlas = TileSetAtlasSource::new_gd();
    atlas.set_texture(&texture);
    atlas.set_texture_region_size(Vector2i::new(tileset.tile_width as i32, tileset.tile_height as i32));
    atlas.set_margins(Vector2i::splat(tileset.margin as i32));
    atlas.set_separation(Vector2i::splat(tileset.spacing as i32));
    for id in 0..tileset.tilecount {
        atlas.create_tile(in_atlas(tileset, id));
    }
    Ok(atlas)
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
