//! What Tiled can write in a map, and what becomes of each: the one list that the check goes by.
//!
//! The page and the Godot add-on draw what is [`Fate::Drawn`] here. An element or attribute that no feature names is
//! warned about, so that nothing is left out without a word.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What becomes of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Players see it.
    Drawn,
    /// It has nothing to do with what players see.
    Harmless,
    /// Players do not see it, and the check warns.
    Warned,
    /// A map with it is faulty.
    Refused,
}

/// A feature of Tiled's maps.
#[derive(Debug)]
pub(super) struct Feature {
    /// What it is called, in the check and in the documents.
    pub(super) name: &'static str,
    pub(super) fate: Fate,
    /// How it is drawn, or what can be done instead.
    pub(super) note: &'static str,
    /// Where files have it: `parent/element` or `parent/element@attribute`, the parent left out for the root and for
    /// what a map or a group holds. Without any, only code can tell.
    marks: &'static [&'static str],
    /// Values of its attributes that stand for their absence.
    plain: &'static [&'static str],
}

impl Feature {
    /// Whether an attribute with this value changes nothing.
    pub(super) fn is_plain(&self, value: &str) -> bool {
        let number = |text: &str| text.parse::<f64>().ok();
        self.plain
            .iter()
            .any(|plain| *plain == value || number(plain).is_some_and(|plain| number(value) == Some(plain)))
    }
}

/// The parent that matters, the element, and the attribute; empty where there is none.
type Mark<'a> = (&'a str, &'a str, &'a str);

static BY_MARK: LazyLock<BTreeMap<Mark<'static>, &'static Feature>> = LazyLock::new(|| {
    let of = |feature: &'static Feature| feature.marks.iter().map(move |mark| (split(mark), feature));
    FEATURES.iter().copied().flat_map(of).collect()
});

fn split(mark: &str) -> Mark<'_> {
    let (element, attribute) = mark.split_once('@').unwrap_or((mark, ""));
    let (parent, element) = element.split_once('/').unwrap_or(("", element));
    (parent, element, attribute)
}

/// The feature that an element is part of, or one of its attributes. `None` if it is on no list.
pub(super) fn feature_of(parent: &str, element: &str, attribute: &str) -> Option<&'static Feature> {
    BY_MARK.get(&(parent, element, attribute)).copied()
}

const fn drawn(name: &'static str, note: &'static str, marks: &'static [&'static str]) -> Feature {
    Feature { name, fate: Fate::Drawn, note, marks, plain: &[] }
}

const fn harmless(name: &'static str, note: &'static str, marks: &'static [&'static str]) -> Feature {
    Feature { name, fate: Fate::Harmless, note, marks, plain: &[] }
}

const fn refused(name: &'static str, note: &'static str, marks: &'static [&'static str]) -> Feature {
    Feature { name, fate: Fate::Refused, note, marks, plain: &[] }
}

const fn warned(
    name: &'static str,
    note: &'static str,
    marks: &'static [&'static str],
    plain: &'static [&'static str],
) -> Feature {
    Feature { name, fate: Fate::Warned, note, marks, plain }
}

/// A picture or tileset that clients do not get.
pub(super) static UNSEEN_FILE: Feature = warned(
    "file that clients do not receive",
    "pictures must be PNG; pictures and tilesets must be in the folder of the maps or below it; a file has at most 4 MiB",
    &[],
    &[],
);

/// A tall thing that stands on nothing.
pub(super) static NO_GROUND: Feature = warned(
    "`tall` tile without ground",
    "it is drawn on black: draw its ground on a separate layer, or give the tile the property `foot`",
    &[],
    &[],
);

/// What no other feature names.
pub(super) static UNKNOWN: Feature =
    warned("anything else", "unknown to the check: a later version of Tiled may have added it", &[], &[]);

/// All features, in the order in which the documents have them.
pub(super) static FEATURES: &[&Feature] = &[
    &drawn(
        "tile layer",
        "the lowest layer first",
        &["map", "map@width", "map@height", "map@tilewidth", "map@tileheight", "layer", "layer@width", "layer@height"],
    ),
    &drawn(
        "tile layer as XML, CSV or Base64, uncompressed or with gzip or zlib",
        "a wrong tile in Base64 is named by its column and row, as Tiled counts them",
        &[
            "layer/data",
            "layer/data@encoding",
            "layer/data@compression",
            "data/tile",
            "data/tile@gid",
            "chunk/tile",
            "chunk/tile@gid",
        ],
    ),
    &drawn(
        "infinite map",
        "it is as large as the smallest rectangle around all chunks that hold a tile",
        &["map@infinite", "data/chunk", "data/chunk@x", "data/chunk@y", "data/chunk@width", "data/chunk@height"],
    ),
    &drawn("group of layers", "nested groups too", &["group"]),
    &drawn(
        "`visible`, `opacity`",
        "the values of a group apply to all layers in it; the solid tiles of an invisible layer are solid",
        &["layer@visible", "layer@opacity", "group@visible", "group@opacity"],
    ),
    &drawn("flipped tile", "also rotated by 90, 180 or 270 degrees", &[]),
    &drawn(
        "animated tile",
        "the Godot add-on shows the tile without its animation",
        &["tile/animation", "animation/frame", "animation/frame@tileid", "animation/frame@duration"],
    ),
    &drawn(
        "tileset, external (`.tsx`) or embedded",
        "a tile number belongs to the tileset with the greatest `firstgid` not above it, even if a tileset has grown",
        &[
            "tileset",
            "tileset@firstgid",
            "tileset@source",
            "tileset@name",
            "tileset@tilewidth",
            "tileset@tileheight",
            "tileset@tilecount",
            "tileset@columns",
            "tileset/image",
            "tileset/image@source",
            "tileset/image@width",
            "tileset/image@height",
            "tileset/tile",
            "tileset/tile@id",
        ],
    ),
    &drawn("`spacing`, `margin` of a tileset", "", &["tileset@spacing", "tileset@margin"]),
    &drawn("collection of images", "", &["tile/image", "tile/image@source", "tile/image@width", "tile/image@height"]),
    &drawn(
        "tile of another size than the map's",
        "it is aligned to the lower left corner of its place, and drawn over the tiles that it covers",
        &[],
    ),
    &drawn("drawing offset of a tileset", "", &["tileset/tileoffset", "tileset/tileoffset@x", "tileset/tileoffset@y"]),
    &UNSEEN_FILE,
    &NO_GROUND,
    &warned("image layer", "it is not drawn: use a tile of a collection of images", &["imagelayer"], &[]),
    &warned(
        "tint colour",
        "the layer is drawn in the colours of its tiles",
        &["layer@tintcolor", "group@tintcolor"],
        &["", "#ffffff", "#ffffffff"],
    ),
    &warned(
        "parallax factor",
        "the layer moves with all other layers",
        &["layer@parallaxx", "layer@parallaxy", "group@parallaxx", "group@parallaxy"],
        &["1"],
    ),
    &warned("blend mode", "the layer is drawn over those below it", &["layer@mode", "group@mode"], &["normal"]),
    &warned("`x`, `y` of a layer", "it is drawn at the map's corner", &["layer@x", "layer@y"], &["0"]),
    &warned(
        "background colour",
        "places without a tile are black",
        &["map@backgroundcolor"],
        &["", "#000000", "#ff000000"],
    ),
    &warned("render order", "tiles are drawn right and down", &["map@renderorder"], &["right-down"]),
    &warned(
        "transparent colour of an image",
        "the colour is drawn: save the image as a PNG with transparency",
        &["tileset/image@trans", "tile/image@trans"],
        &[""],
    ),
    &warned(
        "image within a tileset's file",
        "it is not drawn: save it as a PNG beside the tileset",
        &["tileset/image@format", "tile/image@format", "image/data"],
        &[],
    ),
    &warned(
        "part of an image in a collection",
        "the whole image is drawn",
        &["tileset/tile@x", "tileset/tile@y", "tileset/tile@width", "tileset/tile@height"],
        &[],
    ),
    &warned(
        "tile render size",
        "tiles are drawn in the size of their images",
        &["tileset@tilerendersize", "tileset@fillmode"],
        &["tile", "stretch", "preserve-aspect-fit"],
    ),
    &warned(
        "collision shape of a tile",
        "it does not stop movement: use the property `solid`",
        &["tile/objectgroup"],
        &[],
    ),
    &refused("orientation other than orthogonal", "", &["map@orientation"]),
    &refused(
        "tile layer compressed with Zstandard",
        "browsers cannot expand it: *Map > Map Properties > Tile Layer Format* zlib or CSV",
        &[],
    ),
    &refused("tile that is rotated by 60 or 120 degrees", "only hexagonal maps have such tiles", &[]),
    &refused(
        "offset of a layer or group",
        "players and the server would see the layer in different places",
        &[
            "layer@offsetx",
            "layer@offsety",
            "group@offsetx",
            "group@offsety",
            "objectgroup@offsetx",
            "objectgroup@offsety",
        ],
    ),
    &refused(
        "object that is a tile, text, ellipse, polygon, line or capsule",
        "objects are points and rectangles",
        &[
            "objectgroup/object@gid",
            "object/text",
            "object/ellipse",
            "object/polygon",
            "object/polyline",
            "object/capsule",
        ],
    ),
    &refused("object that is rotated", "", &["objectgroup/object@rotation"]),
    &refused("object made from a template", "*Detach*", &["objectgroup/object@template"]),
    &harmless(
        "look of object layers and objects",
        "objects are areas and places; players see only what is in them",
        &[
            "objectgroup",
            "objectgroup@color",
            "objectgroup@draworder",
            "objectgroup@visible",
            "objectgroup@opacity",
            "objectgroup@tintcolor",
            "objectgroup@parallaxx",
            "objectgroup@parallaxy",
            "objectgroup@mode",
            "objectgroup@x",
            "objectgroup@y",
            "objectgroup@width",
            "objectgroup@height",
            "objectgroup/object",
            "objectgroup/object@x",
            "objectgroup/object@y",
            "objectgroup/object@width",
            "objectgroup/object@height",
            "objectgroup/object@visible",
            "objectgroup/object@opacity",
            "object/point",
        ],
    ),
    &harmless(
        "terrains, Wang sets, probabilities",
        "only Tiled uses them",
        &[
            "tileset/terraintypes",
            "tileset/wangsets",
            "tileset/transformations",
            "tileset/tile@terrain",
            "tileset/tile@probability",
        ],
    ),
    &harmless(
        "names, ids, classes and settings of the editor",
        "",
        &[
            "map@version",
            "map@tiledversion",
            "map@class",
            "map@compressionlevel",
            "map@nextlayerid",
            "map@nextobjectid",
            "map@hexsidelength",
            "map@staggeraxis",
            "map@staggerindex",
            "map@skewx",
            "map@skewy",
            "map@parallaxoriginx",
            "map@parallaxoriginy",
            "editorsettings",
            "layer@id",
            "layer@name",
            "layer@class",
            "layer@locked",
            "group@id",
            "group@name",
            "group@class",
            "group@locked",
            "objectgroup@id",
            "objectgroup@name",
            "objectgroup@class",
            "objectgroup@locked",
            "objectgroup/object@id",
            "objectgroup/object@name",
            "objectgroup/object@class",
            "objectgroup/object@type",
            "tileset@version",
            "tileset@tiledversion",
            "tileset@class",
            "tileset@backgroundcolor",
            "tileset@objectalignment",
            "tileset/editorsettings",
            "tileset/grid",
            "tileset/tile@type",
            "tileset/tile@class",
            "tileset/image@id",
            "tile/image@id",
        ],
    ),
    &UNKNOWN,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_have_the_same_table() {
        let fate = |feature: &Feature| match feature.fate {
            Fate::Drawn => "drawn",
            Fate::Harmless => "changes nothing",
            Fate::Warned => "left out, with a warning",
            Fate::Refused => "refused",
        };
        let row = |feature: &&Feature| format!("| {} | {} | {} |\n", feature.name, fate(feature), feature.note);
        let table: String = FEATURES.iter().map(row).collect();
        let documents = include_str!("../../../docs/designers.md").replace("|  |", "| |");
        assert!(documents.contains(&table.replace("|  |", "| |")), "docs/designers.md should have\n{table}");
    }

    #[test]
    fn nothing_is_part_of_two_features() {
        let marks = FEATURES.iter().map(|feature| feature.marks.len()).sum::<usize>();
        assert_eq!(BY_MARK.len(), marks);
    }

    #[test]
    fn a_value_that_stands_for_absence_may_be_written_in_any_way() {
        let feature = feature_of("", "layer", "parallaxx").unwrap();
        assert!(feature.is_plain("1") && feature.is_plain("1.0") && !feature.is_plain("0.5"));
        assert!(feature_of("", "map", "renderorder").unwrap().is_plain("right-down"));
    }
}
