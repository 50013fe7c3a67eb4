//! Which of several looks a tile has, so that a meadow is no pattern: by properties of its tileset, as the page of the server does it.

use tiled::{LayerTile, PropertyValue, TileLayer};

/// What the choice of a variant is drawn with, and that of a side.
const VARIANT: u32 = 11;
const TURNED: u32 = 21;

/// How a tile is drawn.
pub struct Look {
    /// The id in its tileset.
    pub id: u32,
    /// Whether left and right are exchanged.
    pub flip_h: bool,
}

impl Look {
    /// Of a wall with more of it in the south its `top`; else one of its `variants`, a list of ids in which one can be more than
    /// once; and what `turns` lies each time in another way.
    ///
    /// `in_file` is the place in Tiled's columns and rows, the other one that on the map.
    pub fn of(layer: &TileLayer<'_>, tile: &LayerTile<'_>, in_file: (i32, i32), (x, y): (i32, i32)) -> Self {
        let data = tile.get_tile();
        let property = |name: &str| data.as_ref().and_then(|data| data.properties.get(name));
        let south = layer.get_tile(in_file.0, in_file.1 + 1);
        let goes_on =
            south.is_some_and(|south| (south.tileset_index(), south.id()) == (tile.tileset_index(), tile.id()));
        let id = match (property("top"), property("variants")) {
            (Some(PropertyValue::IntValue(top)), _) if goes_on => u32::try_from(*top).unwrap_or(tile.id()),
            (_, Some(PropertyValue::StringValue(variants))) => one_of(variants, x, y).unwrap_or(tile.id()),
            _ => tile.id(),
        };
        let turns = matches!(property("turns"), Some(PropertyValue::BoolValue(true)));
        Self { id, flip_h: if turns { noise(x, y, TURNED) < 0.5 } else { tile.flip_h } }
    }
}

/// One of the ids of a list, for this place.
fn one_of(list: &str, x: i32, y: i32) -> Option<u32> {
    let ids: Vec<&str> = list.split(',').collect();
    let chosen = (noise(x, y, VARIANT) * ids.len() as f64) as usize;
    ids.get(chosen)?.trim().parse().ok()
}

/// A number from 0 to 1 that only depends on three others: the same as the page's, which so chooses the same.
fn noise(x: i32, y: i32, salt: u32) -> f64 {
    let part = |at: u32, factor: u32| at.wrapping_add(1).wrapping_mul(factor);
    let mixed =
        part(x as u32, 374_761_393).wrapping_add(part(y as u32, 668_265_263)).wrapping_add(part(salt, 2_246_822_519));
    let mixed = (mixed ^ (mixed >> 16)).wrapping_mul(2_246_822_507);
    let mixed = (mixed ^ (mixed >> 13)).wrapping_mul(3_266_489_909);
    f64::from(mixed ^ (mixed >> 16)) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_one_of_the_variants_and_always_the_same() {
        let of = |x, y| one_of("0,16,17,18", x, y).unwrap();
        let all: Vec<u32> = (0..32).flat_map(|y| (0..32).map(move |x| of(x, y))).collect();
        for id in [0, 16, 17, 18] {
            let share = all.iter().filter(|chosen| **chosen == id).count();
            assert!((200..320).contains(&share), "{id} is at {share} of 1,024 places");
        }
        assert_eq!((of(0, 0), of(31, 12), of(3, 7)), (17, 0, 16), "today as it was yesterday");
        assert_eq!(one_of("x", 7, 3), None, "what is no id is no variant");
    }

    #[test]
    fn the_choice_is_the_pages() {
        // As clients/page/src/scene/edges.js computes them.
        let pages = [((0, 0, VARIANT), 0.653_376), ((31, 12, VARIANT), 0.198_742), ((63, 40, TURNED), 0.438_372)];
        for ((x, y, salt), expected) in pages {
            assert!((noise(x, y, salt) - expected).abs() < 1e-5, "{x}, {y}, {salt}: {}", noise(x, y, salt));
        }
    }
}
